import type { Rule } from "../../model";
import { buffersFitMaxFile } from "./buffers-fit-max-file";
import { criticalClassOnFile } from "./critical-class-on-file";
import { criticalClassRefusesWhenFull } from "./critical-class-refuses-when-full";
import { criticalEdgeStreamHasNoMaxAge } from "./critical-edge-stream-has-no-max-age";
import { deliveryIsNotCaptured } from "./delivery-is-not-captured";
import { deviceStreamsStateMaxBytes } from "./device-streams-state-max-bytes";
import { edgeSubjectsUnderDevicePrefix } from "./edge-subjects-under-device-prefix";
import { hubHasNoDuplicateWindow } from "./hub-has-no-duplicate-window";
import { hubStreamHasMaxAge } from "./hub-stream-has-max-age";
import { hubStreamTakesAnySize } from "./hub-stream-takes-any-size";
import { hubStreamThatSourcesCapturesNothing } from "./hub-stream-that-sources-captures-nothing";
import { limitsNotBelowStored } from "./limits-not-below-stored";
import { maxFileFitsDisk } from "./max-file-fits-disk";
import { mqttFeedsNoRefusingClass } from "./mqtt-feeds-no-refusing-class";
import { ordinarySourceStartsAtFirst } from "./ordinary-source-starts-at-first";
import { persistModeIsNotAsync } from "./persist-mode-is-not-async";
import { productionHubIsReplicated } from "./production-hub-is-replicated";
import { refusingClassIsSourcedDurably } from "./refusing-class-is-sourced-durably";
import { replicasFitServers } from "./replicas-fit-servers";
import { sourceDeliverPrefix } from "./source-deliver-prefix";
import { sourceHasOneTransform } from "./source-has-one-transform";
import { sourceKeepsDevicePrefix } from "./source-keeps-device-prefix";
import { sourceNamesItsDomain } from "./source-names-its-domain";
import { streamHasMaxBytes } from "./stream-has-max-bytes";
import { streamNameIsUnique } from "./stream-name-is-unique";
import { streamRetentionIsLimits } from "./stream-retention-is-limits";
import { streamsFormNoCycle } from "./streams-form-no-cycle";
import { subjectDepth } from "./subject-depth";
import { subjectIdsComeLate } from "./subject-ids-come-late";
import { subjectsDisjointAcrossDomains } from "./subjects-disjoint-across-domains";
import { subjectsDisjointInDomain } from "./subjects-disjoint-in-domain";
import { uncriticalEdgeStreamHasMaxAge } from "./uncritical-edge-stream-has-max-age";

export const streamRules: readonly Rule[] = [
	buffersFitMaxFile,
	criticalClassOnFile,
	criticalClassRefusesWhenFull,
	criticalEdgeStreamHasNoMaxAge,
	deliveryIsNotCaptured,
	deviceStreamsStateMaxBytes,
	edgeSubjectsUnderDevicePrefix,
	hubHasNoDuplicateWindow,
	hubStreamHasMaxAge,
	hubStreamTakesAnySize,
	hubStreamThatSourcesCapturesNothing,
	limitsNotBelowStored,
	maxFileFitsDisk,
	mqttFeedsNoRefusingClass,
	ordinarySourceStartsAtFirst,
	persistModeIsNotAsync,
	productionHubIsReplicated,
	refusingClassIsSourcedDurably,
	replicasFitServers,
	sourceDeliverPrefix,
	sourceHasOneTransform,
	sourceKeepsDevicePrefix,
	sourceNamesItsDomain,
	streamHasMaxBytes,
	streamNameIsUnique,
	streamRetentionIsLimits,
	streamsFormNoCycle,
	subjectDepth,
	subjectIdsComeLate,
	subjectsDisjointAcrossDomains,
	subjectsDisjointInDomain,
	uncriticalEdgeStreamHasMaxAge,
];
