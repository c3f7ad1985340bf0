-- The form of another signer's own page each time: arguments are a file with the headers, and a file with a
-- token and a form in each line. Past the last it asks for a page that is not there, which fails the run.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local headers = file:read("*a")
   file:close()
   local tokens, forms = {}, {}
   for line in io.lines(args[2]) do tokens[#tokens + 1], forms[#forms + 1] = line:match("^(%S+) (%S+)$") end
   local n = 0
   request = function()
      n = n + 1
      local token, body = tokens[n] or "there-are-no-more", forms[n] or ""
      return "POST /signature/" .. token .. "?lang=en HTTP/1.1\r\n" .. headers
         .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
   end
end
