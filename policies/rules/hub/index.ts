import type { Rule } from "../../model";
import { clientsComeByTls } from "./clients-come-by-tls";
import { hubAmiIsPinned } from "./hub-ami-is-pinned";
import { hubHasNoSsh } from "./hub-has-no-ssh";
import { hubIngressIsLeafPortOnly } from "./hub-ingress-is-leaf-port-only";
import { hubInstanceHasNoSshKey } from "./hub-instance-has-no-ssh-key";
import { hubInstanceRequiresImdsv2 } from "./hub-instance-requires-imdsv2";
import { hubServerAnswersOnlyItsSources } from "./hub-server-answers-only-its-sources";
import { hubVolumeIsEncrypted } from "./hub-volume-is-encrypted";
import { hubVolumeIsProtected } from "./hub-volume-is-protected";
import { instanceStoreHasThreeReplicas } from "./instance-store-has-three-replicas";
import { listenersAreNotPublic } from "./listeners-are-not-public";
import { secretsAreSecureStrings } from "./secrets-are-secure-strings";
import { serverConfigurationIsReadable } from "./server-configuration-is-readable";
import { serverVersionHasTheFixes } from "./server-version-has-the-fixes";
import { userDataHoldsNoSecret } from "./user-data-holds-no-secret";

export const hubRules: readonly Rule[] = [
	hubIngressIsLeafPortOnly,
	listenersAreNotPublic,
	clientsComeByTls,
	hubHasNoSsh,
	hubInstanceHasNoSshKey,
	hubInstanceRequiresImdsv2,
	userDataHoldsNoSecret,
	secretsAreSecureStrings,
	hubVolumeIsEncrypted,
	hubVolumeIsProtected,
	hubAmiIsPinned,
	instanceStoreHasThreeReplicas,
	serverVersionHasTheFixes,
	hubServerAnswersOnlyItsSources,
	serverConfigurationIsReadable,
];
