import type { Node, Picture } from "./picture";

/** A picture in Graphviz's language, of which `dot -Tsvg` makes SVG. Without marks: nothing is compared in it. */
export function toDot({ nodes, arrows }: Picture): string {
	const ids = new Map(nodes.map(({ key }, index) => [key, `n${index}`]));
	return [
		"digraph leafline {",
		"  rankdir=LR;",
		'  node [fontname="sans-serif"];',
		...nodes.map(({ key, label, kind }) => `  ${ids.get(key)} [label=${quoted(label)}, shape=${SHAPES[kind]}];`),
		...arrows.map(({ from, to, label }) => {
			const text = label === "" ? "" : ` [label=${quoted(label)}]`;
			return `  ${ids.get(from)} -> ${ids.get(to)}${text};`;
		}),
		"}",
	].join("\n");
}

const SHAPES: Readonly<Record<Node["kind"], string>> = {
	device: "box",
	hub: "cylinder",
	reader: "cds",
	other: "hexagon",
};

/** A string of the language: it knows escapes of its own in labels, which a name must not be taken for. */
function quoted(text: string): string {
	return `"${text.slice(0, 120).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
