import { count, plural } from "../format";
import { type CheckReport, groupFindings, type LocatedFinding } from "./check";

/** For people and editors: `file:line:column  error  message`, the remedy below it, and the verdict last. */
export function toText(report: CheckReport): string {
	const lines = groupFindings(report.findings).flatMap(({ first, more }) => [
		`${position(first)}  ${level(first)}  ${first.message} (${first.rule})`,
		...(more > 0 ? [`    and ${count(more)} more of ${first.rule} on this line`] : []),
		`    ${first.remedy}${first.remedy.includes(first.page) ? "" : `; see ${first.page}`}`,
	]);
	return `${[...lines, ...(lines.length > 0 ? [""] : []), verdict(report)].join("\n")}\n`;
}

/** One sentence: `prod complies: 43 rules on 500 devices, 1,532 streams`. */
export function verdict({ stack, findings, rules, topology, good }: CheckReport): string {
	const mandatory = findings.filter(({ severity }) => severity === "mandatory").length;
	const advisory = findings.length - mandatory;
	const advice = advisory > 0 ? `, ${plural(advisory, "piece")} of advice` : "";
	if (topology === undefined) return `${stack} is refused: ${plural(mandatory, "mistake")}${advice}`;
	const devices = Object.keys(topology.devices).length;
	const judged = `${plural(rules.length, "rule")} on ${plural(devices, "device")}, ${plural(topology.graph.nodes.length, "stream")}`;
	if (!good) return `${stack} is refused: ${plural(mandatory, "violation")}${advice}; ${judged}`;
	return `${stack} complies: ${judged}${advice}`;
}

export function position({ file, place }: LocatedFinding): string {
	return place ? `${file}:${place.line}:${place.column}` : file;
}

function level({ severity, kind }: LocatedFinding): string {
	if (kind === "unknown") return "note   ";
	return severity === "mandatory" ? "error  " : "warning";
}
