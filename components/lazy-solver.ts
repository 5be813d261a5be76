import Module, { createRequire } from "node:module";

const NAME = "@npmcli/arborist";

/**
 * `@pulumi/pulumi` loads npm's dependency solver, for programs whose functions it serializes, together with everything
 * else: 0.28 of the 0.98 s that the policy pack computes to start. leafline serializes no function, so here it is loaded
 * when somebody asks for it. Import this file before the SDK.
 */
function loadSolverWhenAsked(): void {
	const ofPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));
	let file: string;
	try {
		file = ofPulumi.resolve(NAME);
	} catch {
		return; // An SDK that has no such package.
	}
	if (require.cache[file]) return;
	const late = new Module(file);
	late.filename = file;
	late.loaded = true;
	late.exports = {
		__esModule: true,
		get Arborist(): unknown {
			if (require.cache[file] === late) delete require.cache[file];
			return ofPulumi(NAME).Arborist;
		},
	};
	require.cache[file] = late;
}

loadSolverWhenAsked();
