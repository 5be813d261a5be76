import {
	DescribeInstanceInformationCommand,
	GetCommandInvocationCommand,
	SendCommandCommand,
	SSMClient,
} from "@aws-sdk/client-ssm";
import type { Job } from "./job";
import type { Ssm } from "./model";

/** Seconds in which the node's agent must have taken the command; the shortest that AWS allows is 30. */
const DELIVERED_WITHIN_SECONDS = 120;

/** Attempts of one request. Throttling and failures on AWS's side wait longer each time, up to 20 s. */
const ATTEMPTS = 8;

const nothing = () => {};
const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Systems Manager of a region, with the credentials that the SDK finds: environment, profile, SSO, web identity, the
 * machine's role. A request that is sent again may run the document twice; the node takes one at a time, and a second
 * one changes nothing.
 */
export function connectSsm({ region, profile }: Pick<Job, "region" | "profile">): Ssm {
	const client = new SSMClient({
		region,
		...(profile ? { profile } : {}),
		// It would say that a profile and keys are both set; as with the AWS provider, the profile counts.
		logger: QUIET,
		maxAttempts: ATTEMPTS,
		requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
	});
	return {
		async ping(instanceId) {
			const { InstanceInformationList: [found] = [] } = await client.send(
				new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [instanceId] }] }),
			);
			if (!found) return undefined;
			const status = found.PingStatus ?? "Inactive";
			return found.LastPingDateTime ? { status, last: found.LastPingDateTime } : { status };
		},
		async send(instanceId, document, parameters) {
			const { Command } = await client.send(
				new SendCommandCommand({
					InstanceIds: [instanceId],
					DocumentName: document,
					DocumentVersion: "$LATEST",
					Parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
					TimeoutSeconds: DELIVERED_WITHIN_SECONDS,
					Comment: "leafline: pulumi up",
				}),
			);
			if (!Command?.CommandId) throw new Error("SendCommand gave no command");
			return Command.CommandId;
		},
		async invocation(commandId, instanceId) {
			try {
				const found = await client.send(
					new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
				);
				const { Status = "Pending", StatusDetails = "", ResponseCode = -1 } = found;
				const { StandardOutputContent: stdout = "", StandardErrorContent: stderr = "" } = found;
				return { status: Status, details: StatusDetails, exitCode: ResponseCode, stdout, stderr };
			} catch (error) {
				if ((error as Error).name === "InvocationDoesNotExist") return undefined;
				throw error;
			}
		},
		close: () => client.destroy(),
	};
}
