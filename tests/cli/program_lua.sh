#!/bin/sh
# SPDX-License-Identifier: MIT
# The Lua interpreter on libslab-malloc.so, in every mode, as without: strings, tables that grow,
# coroutines, weak tables, both collectors, and what is left when it ends.
. "$SRCDIR/tests/cli/lib.sh"
. "$SRCDIR/tests/cli/data/programs.sh"
needs lua5.4 lua5.4

cat >test.lua <<'END'
local n = tonumber(arg[1])
local function words(from, to)
	return coroutine.wrap(function()
		for i = from, to do coroutine.yield(string.rep(string.char(97 + i % 26), i % 37 + 1) .. i) end
	end)
end
local list, weak = {}, setmetatable({}, { __mode = "v" })
for round = 1, 4 do
	collectgarbage(round % 2 == 0 and "generational" or "incremental")
	for w in words(1, n) do
		list[#list + 1] = { text = w, next = list[#list], f = function() return #w + round end }
		weak[w] = list[#list]
		if #list > n // 2 then list = { list[#list] } end
	end
	collectgarbage()
end
local sum, parts = 0, {}
for i, r in ipairs(list) do
	sum = sum + r.f()
	parts[i] = r.text
end
table.sort(parts)
local text = table.concat(parts, " ")
local kept = 0
for _ in pairs(weak) do kept = kept + 1 end
print(sum, #list, kept, #text, text:sub(1, 60), select(2, text:gsub("%d+", "")))
print(pcall(string.rep, "x", 1 << 40))
local ok, why = pcall(error, setmetatable({}, { __tostring = function() return "thrown" end }))
print(ok, tostring(why), string.pack("z s4 d", "a", "bcd", 1.5):byte(1, -1))
END

work() {
	run "$program" ../test.lua "$1"
}

proves "$program" -v
in_every_mode 20000 1000
finish
