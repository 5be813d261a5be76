import type { LeaflineOutput } from "../../contract/outputs";
import type { LinkState } from "../fleet/link-state";
import type { Note } from "../fleet/notes/note";
import type { Buffer, DeviceState, FleetState } from "../fleet/state";
import { bytes, clock, count, percent, plural, span, wrap } from "../format";
import { type Column, table } from "../table";

/** Lines of text for what is known. Pure: no colours, no control characters, nothing is printed here. */

const columns = (figures: string, widths: { readonly link?: number; readonly figures?: number } = {}): Column[] => [
	{ title: "device", align: "left" },
	{ title: "link", align: "left", width: widths.link ?? 0 },
	{ title: figures, align: "right", width: widths.figures ?? 0 },
	{ title: "on hub", align: "right", width: widths.figures ?? 0 },
	{ title: "backlog", align: "right", width: widths.figures ?? 0 },
	{ title: "buffer", align: "left" },
];

const UNKNOWN = "?";

/** `leafline · local · 3 devices, 1 hub, nats-server 2.15.2` */
export function heading(outputs: LeaflineOutput, version: string): string {
	const devices = plural(Object.keys(outputs.devices).length, "device");
	const server = version === "" ? "" : `, nats-server ${version}`;
	const { nodes } = outputs.hub;
	const hub = nodes > 1 ? `hub of ${nodes} nodes` : "1 hub";
	return `leafline · ${outputs.environment} · ${devices}, ${hub}${server}`;
}

/** Everything that `leafline status` prints below its heading. @param width of the terminal. @default no end */
export function statusLines(state: FleetState, width?: number): string[] {
	const notes = noteLines(state).flatMap((line) => wrap(line, width));
	return [...deviceTable(state.devices), ...notes, "", hubLine(state), totalLine(state)];
}

function deviceTable(devices: readonly DeviceState[]): string[] {
	return table(
		columns("at edge"),
		devices.map((it) => [
			it.label === undefined ? it.device : `${it.device} (${it.label})`,
			it.retired ? `${linkText(it.link)} (${it.retired})` : linkText(it.link),
			figure(it.atEdge),
			figure(it.onHub),
			backlogText(it),
			bufferText(it.buffer),
		]),
	);
}

/** One row of the demo's table. */
export interface TrafficRow {
	readonly device: string;
	readonly link: LinkState;
	readonly published: number;
	readonly onHub: number;
	readonly buffer?: Buffer;
}

/** `messages`: what each device is going to publish. */
export function trafficTable(rows: readonly TrafficRow[], messages: number): string[] {
	return table(
		columns("published", { link: "cut 0:00".length, figures: count(messages).length }),
		rows.map(({ device, link, published, onHub, buffer }) => [
			device,
			linkText(link),
			count(published),
			count(onHub),
			count(Math.max(0, published - onHub)),
			bufferText(buffer),
		]),
	);
}

export function linkText(link: LinkState): string {
	switch (link.state) {
		case "cut":
			return `cut ${clock(link.forMs)}`;
		case "down":
			return `down ${clock(link.forMs)}`;
		case "unknown":
			return UNKNOWN;
		default:
			return link.state;
	}
}

export function bufferText(buffer: Buffer | undefined): string {
	if (!buffer) return UNKNOWN;
	if (buffer.leftMs === undefined) return percent(buffer.used);
	return `${percent(buffer.used)}, ${span(buffer.leftMs)} left`;
}

/** What is gone from a device does not wait, and is not nothing either. */
function backlogText({ backlog, gone, vanished, staleMs }: DeviceState): string {
	const stale = staleMs === undefined ? "" : "*";
	if (gone) return `gone${stale}`;
	return vanished ? `${figure(backlog)}, ${count(vanished)} gone${stale}` : `${figure(backlog)}${stale}`;
}

const figure = (value: number | undefined) => (value === undefined ? UNKNOWN : count(value));

/** Of one kind; a program gets all by `--json`. */
const NOTES_SHOWN = 5;

/** Says how old figures are that could not be asked for now, and whatever else somebody should know. */
function noteLines({ devices, hub }: FleetState): string[] {
	const ages = devices.flatMap(({ device, staleMs, retired, atEdge, notes }) => [
		...(staleMs === undefined || retired === "lost"
			? []
			: [`  * ${device} does not answer; its backlog is what was known ${clock(staleMs)} ago`]),
		...(staleMs === undefined && atEdge === undefined && !retired && notes.length === 0
			? [`  ${device} does not answer`]
			: []),
	]);
	const kinds = new Map<string, string[]>();
	const add = ({ code, text, needsHand }: Note, who = "") =>
		kinds.set(code, [...(kinds.get(code) ?? []), `  ${needsHand ? "!" : "·"} ${who}${text}`]);
	for (const note of hub.notes) add(note);
	// What concerns a class names its stream, and so the device.
	for (const { device, notes } of devices) for (const note of notes) add(note, note.class ? "" : `${device}: `);
	const lines = [...kinds.values()].flatMap((all) => [
		...all.slice(0, NOTES_SHOWN),
		...(all.length > NOTES_SHOWN
			? [`    and ${count(all.length - NOTES_SHOWN)} more like it: npx leafline status --json`]
			: []),
	]);
	return ages.length + lines.length > 0 ? ["", ...ages, ...lines] : [];
}

function hubLine({ hub }: FleetState): string {
	if (hub.error !== undefined) return `  ${hub.error}`;
	const { nodes, silent = 0 } = hub;
	const of = nodes === undefined ? "" : `, ${nodes - silent} of ${nodes} nodes`;
	return `  hub up${of} · ${plural(hub.messages, "message")}, ${bytes(hub.bytes)}`;
}

function totalLine({ devices, hub }: FleetState): string {
	const total = (pick: (state: DeviceState) => number | undefined) =>
		devices.reduce((sum, state) => sum + (pick(state) ?? 0), 0);
	const up = devices.filter(({ link }) => link.state === "up").length;
	// What a device that is away has stored since, nobody knows.
	const unsure = devices.some(
		({ staleMs, backlog, gone, retired }) =>
			retired !== "lost" && (staleMs !== undefined || backlog === undefined || gone !== undefined),
	);
	const gone = new Set(devices.flatMap(({ gone = [] }) => gone)).size;
	const vanished = total((it) => it.vanished);
	const atEdge = `${count(total(({ atEdge }) => atEdge))} at the devices`;
	if (hub.error !== undefined) return `  ${atEdge}`;
	return [
		`  ${count(up)} of ${plural(devices.length, "device")} up`,
		atEdge,
		`${count(total(({ onHub }) => onHub))} on hub`,
		`${unsure ? "at least " : ""}${count(total(({ backlog }) => backlog))} waiting`,
		...(gone > 0 ? [`${plural(gone, "stream")} gone`] : []),
		...(vanished > 0 ? [`${plural(vanished, "message")} gone before the hub had them`] : []),
	].join(" · ");
}
