-- The button of a fresh token each time: arguments are a file with the headers, and a file with
-- a token in each line. Past the last token it asks for a page that is not there, which fails the run.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local headers = file:read("*a")
   file:close()
   local tokens = {}
   for line in io.lines(args[2]) do tokens[#tokens + 1] = line end
   local n = 0
   request = function()
      n = n + 1
      local token = tokens[n] or "there-are-no-more"
      return "POST /confirm/" .. token .. "?lang=en HTTP/1.1\r\n" .. headers .. "Content-Length: 0\r\n\r\n"
   end
end
