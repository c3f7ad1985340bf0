-- A form with a fresh address each time: arguments are a file with the head of the request, a
-- file with the rest of a form in each line, and a prefix of addresses that nobody used before; and perhaps
-- the milliseconds that each connection rests before the next form, on average.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
   local file = assert(io.open(args[1], "rb"))
   local head = file:read("*a")
   file:close()
   local forms = {}
   -- As make_address in people.py has it.
   local providers = {"gmail.com", "outlook.com", "gmx.de", "yahoo.fr", "proton.me", "libero.it", "mail.ru"}
   for line in io.lines(args[2]) do forms[#forms + 1] = line end
   local prefix, n = args[3], 0
   local first = tonumber(prefix:sub(2, 7), 16)
   request = function()
      n = n + 1
      local domain = providers[n % 10 + 1] or ("d" .. n * 7919 % 20000 .. "-" .. prefix .. ".example")
      local body = forms[n % #forms + 1] .. "&email=" .. prefix .. n .. "%40" .. domain
      -- Three forms come from one household.
      local home = (first + math.floor(n / 3)) % 0x1000000
      local network = "10." .. math.floor(home / 65536) .. "." .. math.floor(home / 256) % 256 .. "." .. home % 256
      return head .. "X-Forwarded-For: " .. network .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
   end
   if args[4] then
      local rest = tonumber(args[4])
      delay = function() return math.random(0, 2 * rest) end
   end
end
