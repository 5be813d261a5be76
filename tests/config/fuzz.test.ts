import fc from "fast-check";
import { describe, it } from "vitest";
import { stringify } from "yaml";
import { parseFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import { COMPLIANT } from "./compliant";

/** Either a fleet, or problems that each stand in the text and say something. */
function isAnswered(text: string): boolean {
	const { fleet, problems } = parseFleet(text, "x.yaml");
	const lines = text.split("\n").length;
	const good = problems.every(
		({ place, message }) =>
			message !== "" && place !== undefined && place.line >= 1 && place.line <= lines && place.column >= 1,
	);
	return good && (fleet === undefined) === problems.length > 0;
}

describe("whatever stands in a fleet file, there is an answer", () => {
	it("for any text", () => {
		fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), isAnswered));
	});

	it("for any text of YAML's characters", () => {
		const unit = fc.constantFrom(..."a1 \n\t:-?[]{},&*!|>'\"%@`#<~".split(""));
		fc.assert(fc.property(fc.string({ unit, maxLength: 100 }), isAnswered), { numRuns: 500 });
	});

	it("for any data", () => {
		fc.assert(fc.property(fc.jsonValue(), (value) => isAnswered(stringify(value))));
	});

	it("for a good file with any value somewhere in it", () => {
		const places = [...COMPLIANT.matchAll(/: (?=\S)/g)].map((match) => match.index + 2);
		fc.assert(
			fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), (place, value) => {
				const end = COMPLIANT.indexOf("\n", place);
				return isAnswered(COMPLIANT.slice(0, place) + JSON.stringify(value) + COMPLIANT.slice(end));
			}),
			{ numRuns: 500 },
		);
	});

	it("for a good file with a piece cut out", () => {
		const position = fc.nat({ max: COMPLIANT.length });
		fc.assert(
			fc.property(position, fc.nat({ max: 80 }), (start, length) =>
				isAnswered(COMPLIANT.slice(0, start) + COMPLIANT.slice(start + length)),
			),
			{ numRuns: 500 },
		);
	});

	it("and for any settings", () => {
		const keys = fc.constantFrom("fleet", "hub", "leaves", "sourcing", "adopt", "controlUrls", "allowDataLoss", "odd");
		fc.assert(
			fc.property(fc.dictionary(keys, fc.jsonValue()), (raw) => {
				const { settings, problems } = parseSettings("local", raw);
				return (settings === undefined) === problems.length > 0;
			}),
		);
	});
});
