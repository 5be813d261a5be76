import { authorityTags } from "../../components/identity/authorities";
import { deviceCreds } from "../../components/identity/credentials";
import { deviceProgramSeed } from "../../components/identity/keys";
import { seal } from "../../device/join/box";
import { type JoinAnswer, type JoinRequest, signAnswer } from "../../device/join/paper";
import type { Signer } from "../bundle/device";

/**
 * What lets a device in: its token, and the seed of its program's user, which only this device can open.
 * @param ca PEM of the authorities that its bundle holds
 */
export function answerTo(
	{ device, publicKey, box }: JoinRequest,
	{ signing, seed, key }: Signer,
	ca: string,
): JoinAnswer {
	const credentials = deviceCreds(signing, device, publicKey, authorityTags(ca));
	const program = seal(deviceProgramSeed(signing.fleetSecret, device), box);
	return signAnswer({ leafline: "enrol-answer", version: 1, device, publicKey, credentials, program, key }, seed);
}
