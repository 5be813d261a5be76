import type { Mark, Node, Picture } from "./picture";

/** A picture in Mermaid, which GitHub draws: what is added in green, what is removed in red, what is broken in bold. */
export function toMermaid({ nodes, arrows }: Picture): string {
	const ids = new Map(nodes.map(({ key }, index) => [key, `n${index}`]));
	const nodeLines = nodes.map(({ key, label, kind, mark }) => {
		const [open, close] = SHAPES[kind];
		return `  ${ids.get(key)}${open}"${entities(label)}"${close}${mark ? `:::${mark}` : ""}`;
	});
	const arrowLines = arrows.map(({ from, to, label }) => {
		const text = label === "" ? "" : `|"${entities(label)}"|`;
		return `  ${ids.get(from)} -->${text} ${ids.get(to)}`;
	});
	const styles = arrows.flatMap(({ mark }, index) => (mark ? [`  linkStyle ${index} ${ARROW_STYLES[mark]}`] : []));
	return ["flowchart LR", ...nodeLines, ...arrowLines, ...styles, ...CLASSES].join("\n");
}

const SHAPES: Readonly<Record<Node["kind"], readonly [string, string]>> = {
	device: ["[", "]"],
	hub: ["[(", ")]"],
	reader: [">", "]"],
	other: ["{{", "}}"],
};

const ARROW_STYLES: Readonly<Record<Mark, string>> = {
	added: "stroke:#1a7f37,stroke-width:2px",
	removed: "stroke:#cf222e,stroke-width:2px,stroke-dasharray:4",
	broken: "stroke:#cf222e,stroke-width:4px",
};

const CLASSES = [
	"  classDef added fill:#dafbe1,stroke:#1a7f37,color:#116329",
	"  classDef removed fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-dasharray:4",
	"  classDef broken fill:#fff8c5,stroke:#cf222e,color:#82071e,stroke-width:4px,font-weight:bold",
];

/** Mermaid's own entities, for names that leafline did not choose. */
function entities(text: string): string {
	return text
		.slice(0, 120)
		.replace(/[^\p{L}\p{N} ·+−_.,:/-]/gu, (char) => `#${char.codePointAt(0)};`)
		.replace(/\b(end|click|style|class)\b/gi, (word) => `${word}\u200b`);
}
