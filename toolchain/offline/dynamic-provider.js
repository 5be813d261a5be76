#!/usr/bin/env node

/** Stand-in for `pulumi-resource-pulumi-nodejs`, which does no more than this: runs the SDK's own dynamic provider. */

const { createRequire } = require("node:module");
const path = require("node:path");
const { root } = require("./sdk.js");

/** The program's SDK if there is one, as the real plugin does; else this project's. */
function findProvider() {
	for (const folder of [process.cwd(), root]) {
		try {
			return createRequire(path.join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/dynamic-provider");
		} catch {}
	}
	throw new Error("the Pulumi SDK is not installed; run npm ci");
}

const engine = process.ppid;
setInterval(() => process.ppid !== engine && process.exit(0), 500).unref();
require(findProvider());
