import { RunCommandError } from "./failure";
import type { Job } from "./job";

/** What the SDK throws, as far as it matters here. */
interface AwsError {
	readonly name?: string;
	readonly message?: string;
	readonly code?: string;
}

const EXPIRED = /^(ExpiredToken|ExpiredTokenException|RequestExpired)$/;
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;
const WRONG_CREDENTIALS =
	/^(UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken)/;
const DENIED = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/;
const THROTTLED = /^(Throttling|ThrottlingException|RateExceeded|TooManyUpdates|RequestLimitExceeded)$/;
const UNREACHABLE = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;

/**
 * A sentence with a remedy for what AWS, or the way to it, has refused. Everything else is given back as it is.
 * @param commandId of the command that goes on at the node without us
 */
export function explain(error: unknown, job: Job, commandId?: string): unknown {
	if (error instanceof RunCommandError) return error;
	const { name = "", message = "", code = "" } = (error ?? {}) as AwsError;
	const text = meaning({ name, message, code }, job);
	if (text === undefined) return error;
	const goesOn = commandId ? `\nThe node goes on with the command ${commandId} by itself.` : "";
	return new RunCommandError(`${text}${goesOn}`);
}

function meaning({ name, message, code }: Required<AwsError>, job: Job): string | undefined {
	const { instanceId, document, region, profile } = job;
	const whose = profile ? `The AWS credentials of the profile ${profile}` : "The AWS credentials of the environment";
	const login = `aws sso login${profile ? ` --profile ${profile}` : ""}`;
	const on = `for ${document} on ${instanceId}`;
	if (EXPIRED.test(name) || (NO_CREDENTIALS.test(name) && /expired/i.test(message))) {
		return `${whose} have expired (${on}). Renew them (${login}, or export new ones) and run pulumi up again.`;
	}
	if (NO_CREDENTIALS.test(name)) {
		return `There are no AWS credentials ${on}: ${firstLine(message)}\nSet aws:profile for the stack, or AWS_PROFILE, or run ${login}; then run pulumi up again.`;
	}
	if (WRONG_CREDENTIALS.test(name)) {
		return `${whose} are not accepted by AWS in ${region} (${on}): ${firstLine(message)}`;
	}
	if (DENIED.test(name)) {
		return `AWS denies what is needed ${on}: ${firstLine(message)}\nAllow it to who deploys (the policies in docs/iam have all that is needed) and run pulumi up again.`;
	}
	if (THROTTLED.test(name)) {
		return `Systems Manager in ${region} throttles the requests ${on}, also after several attempts. Run pulumi up again in a minute.`;
	}
	if (/^InvalidDocument/.test(name)) {
		return `${region} has no document ${document} that ${instanceId} could run (${name}). pulumi refresh and then pulumi up make it again.`;
	}
	if (name === "InvalidInstanceId") {
		return `${instanceId} cannot be told to run ${document}, for it is not in a valid state (${name}).\nIf it was stopped, start it; if it is gone, pulumi refresh and then pulumi up make a new one with the same address.`;
	}
	if (UNREACHABLE.test(code) || name === "TimeoutError") {
		return `Systems Manager in ${region} cannot be reached from this machine ${on} (${code || name}): check network and proxy, then run pulumi up again.`;
	}
	return undefined;
}

const firstLine = (text: string) => text.split("\n")[0] ?? "";
