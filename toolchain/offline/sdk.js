/**
 * Pulumi's own gRPC stubs, as they ship in `@pulumi/pulumi`, from this project's node_modules. The stand-ins speak
 * through them, so that they follow the SDK's version by themselves.
 */

const { createRequire } = require("node:module");
const path = require("node:path");

const root = path.join(__dirname, "..", "..");
const fromProject = createRequire(path.join(root, "package.json"));
const fromSdk = createRequire(fromProject.resolve("@pulumi/pulumi"));

/** @type {typeof import("@grpc/grpc-js")} */
const grpc = fromSdk("@grpc/grpc-js");

/** Messages may hold a whole state; the engine sets no limit either. */
const channelOptions = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/**
 * Shape of the generated stubs, as far as it is used here.
 *
 * @typedef {any} Stub
 */

/**
 * @param {string} name for example `language_pb`
 * @returns {Stub}
 */
const proto = (name) => fromSdk(`@pulumi/pulumi/proto/${name}.js`);

/** @returns {Stub} an empty answer */
function empty() {
	const { Empty } = fromSdk("google-protobuf/google/protobuf/empty_pb.js");
	return new Empty();
}

/**
 * @param {Record<string, unknown>} value
 * @returns {Stub} a protobuf Struct
 */
function toStruct(value) {
	const { Struct } = fromSdk("google-protobuf/google/protobuf/struct_pb.js");
	return Struct.fromJavaScript(value);
}

/** @type {string} version of @pulumi/pulumi in this project */
const sdkVersion = fromSdk("@pulumi/pulumi/package.json").version;

module.exports = { root, grpc, channelOptions, proto, empty, toStruct, sdkVersion };
