import type { IConnackPacket, IConnectPacket, IPubackPacket } from "mqtt-packet";

/** What clients are told, in the versions of MQTT that the bridge speaks: 3.1, 3.1.1 and 5. */

/** Reason codes of MQTT 5 (2.4). */
export const REASON = {
	success: 0x00,
	implementationSpecific: 0x83,
	notAuthorized: 0x87,
	keepAlive: 0x8d,
	takenOver: 0x8e,
	topicInvalid: 0x90,
	packetTooLarge: 0x95,
	quotaExceeded: 0x97,
	qosNotSupported: 0x9b,
	badAuthentication: 0x8c,
	protocolError: 0x82,
} as const;

/** Largest packet that is read: the largest message that a device's server takes, with its topic and properties. */
export const MOST_PACKET_BYTES = 1_100_000;

/** Messages of QoS 1 that a client of MQTT 5 may have under way. */
const RECEIVE_MAXIMUM = 100;

/** "Identifier rejected" and "not authorized" of MQTT 3.1.1 (3.2.2.3). */
export const RETURN_CODE = { identifier: 2, notAuthorized: 5 } as const;

export function accepted(
	{ protocolVersion, clientId }: IConnectPacket,
	{ name, sessionPresent }: { readonly name: string; readonly sessionPresent: boolean },
): IConnackPacket {
	if (protocolVersion !== 5) return { cmd: "connack", returnCode: 0, sessionPresent };
	const properties = {
		maximumQoS: 1,
		retainAvailable: false,
		receiveMaximum: RECEIVE_MAXIMUM,
		maximumPacketSize: MOST_PACKET_BYTES,
		wildcardSubscriptionAvailable: false,
		subscriptionIdentifiersAvailable: false,
		sharedSubscriptionAvailable: false,
		...(clientId === "" && { assignedClientIdentifier: name }),
	};
	return { cmd: "connack", reasonCode: REASON.success, sessionPresent, properties };
}

/** @param why absent for one that is stored */
export function puback(messageId: number, reasonCode: number, why?: string): IPubackPacket {
	return { cmd: "puback", messageId, reasonCode, ...(why !== undefined && { properties: { reasonString: why } }) };
}
