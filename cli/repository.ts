/** Where a repository's files are shown, in a workflow of GitHub's; `undefined` elsewhere. */
export function repositoryUrl(env: NodeJS.ProcessEnv): string | undefined {
	const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_SHA: commit } = env;
	if (!server || !repository) return undefined;
	return `${server}/${repository}/blob/${commit || "HEAD"}`;
}
