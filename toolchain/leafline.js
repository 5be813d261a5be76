#!/usr/bin/env node

/** `npx leafline`: the command line, in the environment of the project's stack. Sets nothing up, so that it is quick. */

const fs = require("node:fs");
const path = require("node:path");
const { TOOLS } = require("./requirements.js");
const { projectRoot } = require("./paths.js");
const { findTool } = require("./tools.js");
const { engineEnvironment } = require("./environment.js");
const { chooseStack } = require("./stack-choice.js");
const { LOCAL, localEnvironment } = require("./local-stack.js");
const { explain } = require("./message.js");

const main = path.join(projectRoot, "bin", "cli", "main.js");
if (fs.existsSync(main)) {
	try {
		setEnvironment();
	} catch (error) {
		const { text, exitCode } = explain(error);
		process.stderr.write(`${text}\n`);
		process.exit(exitCode);
	}
	// The engine has to find the project; inside of it, relative paths stay what the user meant.
	if (path.relative(projectRoot, process.cwd()).startsWith("..")) process.chdir(projectRoot);
	require(main);
} else {
	process.stderr.write("leafline is not built yet: npm start does it, or npm run build\n");
	process.exitCode = 1;
}

function setEnvironment() {
	/** @type {Map<string, import("./tools.js").Found>} */
	const tools = new Map();
	for (const tool of TOOLS) {
		const found = findTool(tool, process.env);
		if (found) tools.set(tool.name, found);
	}
	const { env } = engineEnvironment(projectRoot, tools, process.env);
	const { stack } = chooseStack(projectRoot, process.argv.slice(2), env);
	Object.assign(process.env, stack === LOCAL ? localEnvironment(projectRoot, env) : env);
}
