/**
 * What the resources in the state require by name. Each property loads its implementation when it is first used, so
 * that an operation on a stream does not pay for making certificates.
 */
import { hosted } from "./handler";

export const keys = hosted(async () => (await import("../../identity/handlers/keys")).keys);
export const certificates = hosted(async () => (await import("../../identity/handlers/certificates")).certificates);
export const roster = hosted(async () => (await import("../../identity/handlers/roster")).roster);
export const accounts = hosted(async () => (await import("../../identity/handlers/accounts")).accounts);
export const revocations = hosted(async () => (await import("../../identity/handlers/revocations")).revocations);
export const stream = hosted(async () => (await import("./stream")).stream);
export const leaders = hosted(async () => (await import("./leaders")).leaders);
export const edgeStreams = hosted(async () => (await import("./edge-streams")).edgeStreams);
export const devices = hosted(async () => (await import("./devices")).devices);
