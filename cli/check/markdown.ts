import { toMermaid } from "../picture/mermaid";
import { pictureOf } from "../picture/picture";
import { snapshotOf } from "../picture/snapshot";
import { block, code, escapeMarkdown, marker, pageLink, withinLimit } from "../review/markdown";
import { type CheckReport, type FindingGroup, groupFindings } from "./check";
import { position, verdict } from "./text";

/** For a comment or a summary: verdict, findings with their remedies, and the topology with what breaks in bold. */
export function toMarkdown(report: CheckReport, baseUrl?: string): string {
	const { stack, good, findings, topology } = report;
	const broken = findings.filter(({ severity }) => severity === "mandatory");
	const names = new Set(broken.flatMap(({ label, message }) => `${label} ${message}`.match(/[A-Za-z0-9_-]+/g) ?? []));
	return withinLimit([
		`${marker(stack)}\n### leafline · ${code(stack)} · ${good ? "✅ complies" : "❌ refused"}`,
		`${escapeMarkdown(verdict(report))}.`,
		...groupFindings(findings).map((group) => section(group, baseUrl)),
		...(topology === undefined
			? []
			: [`#### Topology\n\n${block(toMermaid(pictureOf(snapshotOf(topology), undefined, names)), "mermaid")}`]),
	]);
}

function section({ first, more }: FindingGroup, baseUrl?: string): string {
	const { rule, severity, kind, message, remedy, page } = first;
	const level = kind === "unknown" ? "⚪ not known yet" : severity === "mandatory" ? "🔴 **mandatory**" : "🟡 advisory";
	return [
		`${level} ${pageLink(code(rule), page, baseUrl)} ${code(position(first))}`,
		"",
		`- ${escapeMarkdown(message)}`,
		...(more > 0 ? [`- and ${more} more on this line`] : []),
		"",
		`**Remedy:** ${escapeMarkdown(remedy)}.`,
	].join("\n");
}
