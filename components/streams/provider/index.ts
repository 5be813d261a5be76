/**
 * What the resources in the state require by name. Each property loads its implementation when it is first used, so
 * that an operation on a stream does not pay for making certificates.
 */
import { type Handler, hosted } from "./handler";

export const keys = hosted(async () => require("../../identity/handlers/keys").keys as Handler);
export const certificates = hosted(async () => require("../../identity/handlers/certificates").certificates as Handler);
export const accounts = hosted(async () => require("../../identity/handlers/accounts").accounts as Handler);
export const stream = hosted(async () => (await import("./stream")).stream);
export const edgeStreams = hosted(async () => (await import("./edge-streams")).edgeStreams);
