import type { LeaflineOutput } from "../../contract/outputs";
import { count, plural, seconds } from "../format";
import { Screen } from "../screen";
import { heading, trafficTable } from "../status/view";
import type { DemoResult } from "./demo";
import type { DemoEvents, Progress } from "./progress";

/** Shows the demo: a table that is redrawn in place on a terminal, one line an event anywhere else. */
export interface DemoView {
	readonly events: DemoEvents;
	/** The last lines. */
	finish(result: DemoResult): void;
	/** Gives the terminal back, also after a failure. */
	close(): void;
}

type Write = (text: string) => void;

/** `steps` stands below the heading: what came before the demo, `✓ tools 0.4s   ✓ up 6.1s`. */
export function liveView(outputs: LeaflineOutput, out: NodeJS.WriteStream, steps?: string): DemoView {
	const screen = new Screen(out as ConstructorParameters<typeof Screen>[0]);
	let rows: readonly Progress[] = [];
	let messages = 0;
	let event: string | undefined;
	const draw = () => screen.draw(["", ...trafficTable(rows, messages), ...(event === undefined ? [] : ["", event])]);
	return {
		events: {
			start: (about) => {
				messages = about.messages;
				out.write(`${openingLines(outputs, about.version, steps).join("\n")}\n`);
			},
			link: (device, mode, published) => {
				event = linkLine(device, mode, published);
				if (rows.length > 0) draw();
			},
			progress: (now) => {
				rows = now;
				draw();
			},
			caughtUp: (device, ms) => {
				event = `▸ ${device} restored: ${caughtUpText(ms)}`;
				draw();
			},
		},
		finish: (result) => {
			screen.done();
			out.write(`\n${closingLines(result).join("\n")}\n`);
		},
		close: () => screen.done(),
	};
}

export function plainView(outputs: LeaflineOutput, write: Write, steps?: string): DemoView {
	let rows: readonly Progress[] = [];
	let messages = 0;
	const print = (lines: readonly string[]) => write(`${lines.join("\n")}\n`);
	return {
		events: {
			start: (about) => {
				messages = about.messages;
				const line = `▸ publishing ${plural(messages, "message")} on each of ${about.devices.join(", ")}`;
				print([...openingLines(outputs, about.version, steps), "", line]);
			},
			link: (device, mode, published) => print([linkLine(device, mode, published)]),
			progress: (now) => {
				rows = now;
			},
			caughtUp: (device, ms) => print([`▸ ${device} ${caughtUpText(ms)}`, "", ...trafficTable(rows, messages), ""]),
		},
		finish: (result) => print(closingLines(result)),
		close: () => {},
	};
}

function openingLines(outputs: LeaflineOutput, version: string, steps: string | undefined): string[] {
	return [heading(outputs, version), ...(steps ? [steps] : [])];
}

function linkLine(device: string, mode: "up" | "cut", published: number): string {
	return mode === "cut" ? `▸ ${device} cut after ${plural(published, "message")}` : `▸ ${device} restored`;
}

function caughtUpText(ms: number | undefined): string {
	return ms === undefined ? "has not caught up" : `caught up in ${seconds(ms)}`;
}

/** The verdict, and what to do next. */
export function closingLines({ verdict: { total, devices }, ports, cut }: DemoResult): string[] {
	const bad = Object.entries(devices).filter(([, it]) => it.lost + it.twice + it.outOfOrder + it.strayed > 0);
	return [
		`  ${count(total.acknowledged)} published · ${count(total.arrived)} on hub`,
		`  ${count(total.lost)} lost · ${count(total.twice)} twice · ${count(total.outOfOrder)} out of order`,
		...bad.map(
			([device, it]) =>
				`  ! ${device}: ${count(it.lost)} lost, ${count(it.twice)} twice, ${count(it.outOfOrder)} out of order` +
				(it.strayed > 0 ? `, ${count(it.strayed)} by way of another device` : ""),
		),
		...(ports ? [`  ${ports.good ? "" : "! "}${ports.line}`] : []),
		"",
		`Try   npx leafline cut ${cut.device}`,
		"      npx leafline status --watch",
		"      edit fleets/demo.yaml, then npm run up",
		"Stop  npm run down",
	];
}
