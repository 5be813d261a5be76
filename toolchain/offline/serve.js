const { grpc, channelOptions } = require("./sdk.js");

/**
 * Serves one gRPC service on a loopback port that the system chooses.
 *
 * @param {import("@grpc/grpc-js").ServiceDefinition} service
 * @param {Record<string, Function>} methods
 * @returns {Promise<{ port: number, close(): void }>}
 */
function listen(service, methods) {
	const server = new grpc.Server(channelOptions);
	server.addService(service, /** @type {any} */ (methods));
	return new Promise((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
			if (error) reject(error);
			else resolve({ port, close: () => server.forceShutdown() });
		});
	});
}

/**
 * Runs a plugin as the engine expects it: the port is the first line on stdout, and the process ends with the engine,
 * also when that was killed and could not say so.
 *
 * @param {import("@grpc/grpc-js").ServiceDefinition} service
 * @param {Record<string, Function>} methods
 * @param {() => void} stop ends what the plugin has started
 */
async function runPlugin(service, methods, stop) {
	const engine = process.ppid;
	/** @param {number} code */
	const quit = (code) => {
		stop();
		process.exit(code);
	};
	process.on("SIGINT", () => quit(0));
	process.on("SIGTERM", () => quit(0));
	setInterval(() => process.ppid !== engine && quit(0), 500).unref();
	const { port } = await listen(service, methods);
	process.stdout.write(`${port}\n`);
}

module.exports = { listen, runPlugin };
