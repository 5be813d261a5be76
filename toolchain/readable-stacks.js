/**
 * To be required first by a Pulumi program. The SDK's source maps name its files `node_modules/@pulumi/resource.ts`,
 * one folder short, and Node's `util.inspect` loops for half a minute over a scoped package without a slash behind
 * its name, whenever the SDK reports an error, `RunError` included. This puts the missing folder in.
 */

const before = Error.prepareStackTrace;

if (before) {
	Error.prepareStackTrace = (error, frames) => {
		const stack = before(error, frames);
		return typeof stack === "string"
			? stack.replace(/([\\/]node_modules[\\/]@pulumi[\\/])(?=[\w.-]+:\d)/g, "$1pulumi/")
			: stack;
	};
}
