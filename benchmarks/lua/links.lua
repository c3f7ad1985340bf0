-- Another page each time, and then from the beginning: arguments are a file with the headers, and a file
-- with a path in each line.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local headers = file:read("*a")
   file:close()
   local paths = {}
   for line in io.lines(args[2]) do paths[#paths + 1] = line end
   local n = 0
   request = function()
      n = n % #paths + 1
      return "GET " .. paths[n] .. " HTTP/1.1\r\n" .. headers .. "\r\n"
   end
end
