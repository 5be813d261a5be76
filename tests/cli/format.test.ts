import { expect, test } from "vitest";
import { bytes, clock, count, percent, plural, seconds, span, WAIT } from "../../cli/format";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
	[0, "0"],
	[999, "999"],
	[1000, "1,000"],
	[60_000, "60,000"],
	[1_234_567_890, "1,234,567,890"],
])("count %d", (value, text) => expect(count(value)).toBe(text));

test.each([
	[0, "0:00"],
	[21_999, "0:21"],
	[61 * SECOND, "1:01"],
	[59 * MINUTE + 59 * SECOND, "59:59"],
	[3 * HOUR + 5 * SECOND, "3:00:05"],
	[47 * HOUR, "47:00:00"],
	[4 * DAY + HOUR, "4 d"],
])("clock %d", (value, text) => expect(clock(value)).toBe(text));

test.each([
	[-5, "0 s"],
	[119 * SECOND, "119 s"],
	[25.9 * MINUTE, "25 min"],
	[4.9 * HOUR, "4 h"],
	[2.5 * DAY, "2 d"],
	[4000 * DAY, "4,000 d"],
])("span %d", (value, text) => expect(span(value)).toBe(text));

test.each([
	[0, "0%"],
	[0.000001, "<0.1%"],
	[0.001, "0.1%"],
	[0.0129, "1.3%"],
	[0.05, "5%"],
	[0.999, "99%"],
	[1, "100%"],
])("percent %d", (value, text) => expect(percent(value)).toBe(text));

test.each([
	[0, "0 B"],
	[999, "999 B"],
	[1500, "1.5 kB"],
	[19_106_682, "19 MB"],
	[500e12, "500 TB"],
])("bytes %d", (value, text) => expect(bytes(value)).toBe(text));

test("seconds and plurals", () => {
	expect(seconds(432)).toBe("0.4 s");
	expect(seconds(12_345)).toBe("12.3 s");
	expect([0, 1, 3000].map((n) => plural(n, "device"))).toEqual(["0 devices", "1 device", "3,000 devices"]);
	expect([0, 1, 3000].map((n) => plural(n, "message", WAIT))).toEqual([
		"0 messages wait",
		"1 message waits",
		"3,000 messages wait",
	]);
});
