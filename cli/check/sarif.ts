import { createHash } from "node:crypto";
import type { Rule } from "../../policies/model";
import { PACK_PAGE, PACK_POLICY } from "../../policies/pack-config";
import { type CheckReport, DESIGN_HOLDS, FLEET_PAGE, groupFindings, type LocatedFinding } from "./check";

/**
 * SARIF 2.1.0, as code scanning takes it: each finding on its line of the fleet file or the stack's settings.
 *
 * @param baseUrl where the repository's files are shown, for example `https://github.com/me/mine/blob/main`; without it
 *        the links to the rules' pages are relative
 */
export function toSarif(report: CheckReport, version: string, baseUrl?: string): string {
	const link = (page: string) => (baseUrl === undefined ? page : `${baseUrl.replace(/\/+$/, "")}/${page}`);
	const descriptors = [designHolds(link), packSettings(link), ...report.rules.map((rule) => descriptor(rule, link))];
	const indexes = new Map(descriptors.map(({ id }, index) => [id, index]));
	const log = {
		$schema: "https://json.schemastore.org/sarif-2.1.0.json",
		version: "2.1.0",
		runs: [
			{
				tool: { driver: { name: "leafline", version, rules: descriptors } },
				automationDetails: { id: `leafline/${report.stack}/` },
				columnKind: "utf16CodeUnits",
				results: groupFindings(report.findings).map(({ first, more }) => result(first, more, indexes)),
			},
		],
	};
	return `${JSON.stringify(log, undefined, 2)}\n`;
}

function descriptor({ name, title, why, remedy, severity, area }: Rule, link: (page: string) => string) {
	return {
		id: name,
		name: name.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase()),
		shortDescription: { text: title },
		fullDescription: { text: why },
		help: { text: `${why}\n\nRemedy: ${remedy}.`, markdown: `${why}\n\n**Remedy:** ${remedy}.` },
		helpUri: link(`docs/policies/${name}.md`),
		defaultConfiguration: { level: severity === "mandatory" ? "error" : "warning" },
		properties: { tags: ["leafline", area] },
	};
}

/** What `plan()` and the schemas refuse is no rule, but belongs on its line as well. */
function designHolds(link: (page: string) => string): ReturnType<typeof descriptor> {
	const title = "The fleet file and the settings lead to a design that holds";
	const why =
		"Names, units, budgets of buffer, link and hub, and overlapping subjects are checked before anything is created.";
	const remedy = "do what the message says; docs/fleet.md and docs/settings.md are the references";
	return notRule({ name: DESIGN_HOLDS, title, why, remedy }, link(FLEET_PAGE));
}

function packSettings(link: (page: string) => string): ReturnType<typeof descriptor> {
	const title = "The settings of the pack can be used";
	const why = "A rule or a setting that is written wrong would change nothing, and nobody would notice.";
	const remedy = "do what the message says";
	return notRule({ name: PACK_POLICY, title, why, remedy }, link(PACK_PAGE));
}

function notRule(about: Pick<Rule, "name" | "title" | "why" | "remedy">, helpUri: string) {
	const rule = { ...about, severity: "mandatory", area: "streams" } as const;
	return { ...descriptor(rule as unknown as Rule, () => ""), helpUri };
}

function result(finding: LocatedFinding, more: number, indexes: ReadonlyMap<string, number>) {
	const { rule, severity, kind, label, message, remedy, file, place } = finding;
	const others = more > 0 ? ` (and ${more} more on this line)` : "";
	const level = kind === "unknown" ? "note" : severity === "mandatory" ? "error" : "warning";
	return {
		ruleId: rule,
		ruleIndex: indexes.get(rule) ?? -1,
		level,
		message: { text: `${message}${others}. Remedy: ${remedy}.` },
		locations: [
			{
				physicalLocation: {
					artifactLocation: { uri: encodeURI(file), uriBaseId: "%SRCROOT%" },
					region: { startLine: place?.line ?? 1, startColumn: place?.column ?? 1 },
				},
			},
		],
		// Stays the same when lines move, so that code scanning knows a finding again.
		partialFingerprints: {
			"leafline/v1": createHash("sha256").update(`${rule}\0${label}\0${file}`).digest("hex").slice(0, 32),
		},
	};
}
