// @ts-check
/**
 * What the pinned `@pulumi/aws` says about its resources and functions: names of properties, which of them must be
 * there, and of what kind they are. Read from its type definitions; nothing is written down here.
 */

const { createHash } = require("node:crypto");
const { createRequire } = require("node:module");
const fs = require("node:fs");
const path = require("node:path");
const { projectRoot, cacheFolder, readIfThere, writeWhole } = require("../../../toolchain/paths.js");

/**
 * @typedef {"string" | "number" | "boolean" | "any" | "asset" | "resource"} Kind
 * @typedef {{ kind: Kind }
 *   | { kind: "array" | "map", of: Type }
 *   | { kind: "object", ref: string }
 *   | { kind: "union", of: Type[] }} Type
 * @typedef {Record<string, { type: Type, required: boolean }>} Properties
 * @typedef {{ token: string, properties: Properties, types: Record<string, Properties> }} Schema `types` by `ref`
 */

const fromProject = createRequire(path.join(projectRoot, "package.json"));
const packageFolder = path.dirname(fromProject.resolve("@pulumi/aws/package.json"));
/** @type {string} version of @pulumi/aws */
const version = fromProject("@pulumi/aws/package.json").version;

/** @type {Map<string, Schema | undefined>} */
const known = new Map();

/**
 * Schema of a resource type or of a function, by its token.
 *
 * @param {string} token for example `aws:ec2/instance:Instance` or `aws:ec2/getAmi:getAmi`
 * @returns {Schema | undefined} undefined if the package has nothing of that name
 */
function schemaOf(token) {
	if (!known.has(token)) known.set(token, fromCache(token) ?? toCache(token, extract(token)));
	return known.get(token);
}

/** Texts of the package, so that a change of this file's rules is a cache of its own. @param {string} token */
function cacheFile(token) {
	const rules = createHash("sha256").update(fs.readFileSync(__filename)).digest("hex").slice(0, 12);
	return path.join(cacheFolder(process.env), "aws-schema", `${version}-${rules}`, `${encodeURIComponent(token)}.json`);
}

/** @param {string} token @returns {Schema | undefined} */
function fromCache(token) {
	const text = readIfThere(cacheFile(token));
	return text === undefined ? undefined : JSON.parse(text);
}

/** @param {string} token @param {Schema | undefined} schema */
function toCache(token, schema) {
	try {
		if (schema) writeWhole(cacheFile(token), JSON.stringify(schema));
	} catch {
		// A home folder that cannot be written to: the next run reads the definitions again.
	}
	return schema;
}

/** @type {typeof import("typescript")} */
let ts;
/** @param {string} file from the package's folder */
function parse(file) {
	ts ??= fromProject("typescript");
	const text = fs.readFileSync(path.join(packageFolder, file), "utf8");
	return ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, false);
}

/** @typedef {Map<string, import("typescript").InterfaceDeclaration>} Interfaces by name, `ec2.InstanceCpuOptions` */

/** @type {{ source: import("typescript").SourceFile, interfaces: Interfaces } | undefined} */
let nested;
function nestedTypes() {
	if (!nested) {
		const source = parse("types/input.d.ts");
		nested = { source, interfaces: interfacesOf(source) };
	}
	return nested;
}

/** @param {import("typescript").SourceFile} source @returns {Interfaces} */
function interfacesOf(source) {
	/** @type {Interfaces} */
	const found = new Map();
	/** @param {readonly import("typescript").Statement[]} statements @param {string} prefix */
	const walk = (statements, prefix) => {
		for (const statement of statements) {
			if (ts.isInterfaceDeclaration(statement)) found.set(prefix + statement.name.text, statement);
			else if (ts.isModuleDeclaration(statement) && statement.body && ts.isModuleBlock(statement.body)) {
				walk(statement.body.statements, `${prefix}${statement.name.text}.`);
			}
		}
	};
	walk(source.statements, "");
	return found;
}

/**
 * The file that defines a token, without its ending: `kendra/index_`, `dms/s3endpoint` where the token says otherwise.
 *
 * @param {string} token
 * @param {string} expected
 */
function fileOf(token, expected) {
	const folder = path.dirname(expected);
	const names = fs.existsSync(path.join(packageFolder, folder)) ? fs.readdirSync(path.join(packageFolder, folder)) : [];
	const wanted = [expected, `${expected}_`].map((file) => `${path.basename(file)}.js`.toLowerCase());
	return names
		.filter((name) => wanted.includes(name.toLowerCase()))
		.map((name) => path.join(folder, name.slice(0, -".js".length)))
		.find((file) => {
			const code = fs.readFileSync(path.join(packageFolder, `${file}.js`), "utf8");
			return code.includes(`__pulumiType = '${token}'`) || code.includes(`.invokeOutput("${token}"`);
		});
}

/** @param {string} token @returns {Schema | undefined} */
function extract(token) {
	const [, module = "", name = ""] = /^aws:([\w./-]+):(\w+)$/.exec(token) ?? [];
	const file = fileOf(token, module.replace(/^index\//, ""));
	if (file === undefined) return undefined;
	const source = parse(`${file}.d.ts`);
	const args = interfacesOf(source).get(`${name[0]?.toUpperCase()}${name.slice(1)}Args`);
	/** @type {Schema} */
	const schema = { token, properties: {}, types: {} };
	if (args) schema.properties = propertiesOf(args, source, schema);
	return schema;
}

/**
 * @param {import("typescript").InterfaceDeclaration} declaration
 * @param {import("typescript").SourceFile} source
 * @param {Schema} schema gets the nested types
 */
function propertiesOf(declaration, source, schema) {
	/** @type {Properties} */
	const properties = {};
	for (const member of declaration.members) {
		if (!ts.isPropertySignature(member) || !member.type) continue;
		const name = /** @type {import("typescript").Identifier} */ (member.name).text;
		properties[name] = { type: typeOf(member.type, source, schema), required: !member.questionToken };
	}
	return properties;
}

/**
 * @param {import("typescript").TypeNode} node
 * @param {import("typescript").SourceFile} source
 * @param {Schema} schema
 * @returns {Type}
 */
function typeOf(node, source, schema) {
	if (node.kind === ts.SyntaxKind.StringKeyword) return { kind: "string" };
	if (node.kind === ts.SyntaxKind.NumberKeyword) return { kind: "number" };
	if (node.kind === ts.SyntaxKind.BooleanKeyword) return { kind: "boolean" };
	if (ts.isArrayTypeNode(node)) return { kind: "array", of: typeOf(node.elementType, source, schema) };
	if (ts.isParenthesizedTypeNode(node)) return typeOf(node.type, source, schema);
	if (ts.isLiteralTypeNode(node)) return { kind: ts.isStringLiteral(node.literal) ? "string" : "any" };
	if (ts.isUnionTypeNode(node)) {
		const parts = node.types.filter((part) => part.kind !== ts.SyntaxKind.UndefinedKeyword);
		const [only, ...others] = parts.map((part) => typeOf(part, source, schema));
		return only && others.length === 0 ? only : { kind: "union", of: only ? [only, ...others] : [] };
	}
	if (ts.isTypeLiteralNode(node)) {
		const index = node.members.find(ts.isIndexSignatureDeclaration);
		return index ? { kind: "map", of: typeOf(index.type, source, schema) } : { kind: "any" };
	}
	return ts.isTypeReferenceNode(node) ? referenced(node, source, schema) : { kind: "any" };
}

/**
 * @param {import("typescript").TypeReferenceNode} node
 * @param {import("typescript").SourceFile} source
 * @param {Schema} schema
 * @returns {Type}
 */
function referenced(node, source, schema) {
	const name = node.typeName.getText(source);
	const [argument] = node.typeArguments ?? [];
	if ((name === "pulumi.Input" || name === "pulumi.Output") && argument) return typeOf(argument, source, schema);
	if (name.startsWith("pulumi.asset.")) return { kind: "asset" };
	if (name.startsWith("enums.") || name === "ARN" || name.endsWith(".ARN")) return { kind: "string" };
	if (!name.startsWith("inputs.")) return { kind: "resource" };
	const ref = name.slice("inputs.".length);
	if (!schema.types[ref]) {
		const declaration = nestedTypes().interfaces.get(ref);
		if (!declaration) throw new Error(`@pulumi/aws names ${ref}, and its types/input.d.ts does not have it`);
		// There before its properties are read, for a type may hold itself.
		schema.types[ref] = {};
		schema.types[ref] = propertiesOf(declaration, nestedTypes().source, schema);
	}
	return { kind: "object", ref };
}

module.exports = { schemaOf, version };
