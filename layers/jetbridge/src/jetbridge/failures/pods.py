"""What Kubernetes says of pods and their containers, as patterns for ``sentences``.

Batch hands on the reason or the message of a pod and of its containers (API reference of Batch,
EksAttemptDetail, EksAttemptContainerDetail), so each stands here as a code and as a sentence.
Sources: kubernetes/kubernetes, pkg/kubelet (kubelet.go ``rejectPod``, lifecycle, eviction,
nodeshutdown, images, kuberuntime), pkg/scheduler/framework/preemption, pkg/controller (podgc,
tainteviction, job); "Pod disruption conditions" (kubernetes.io); aws/amazon-vpc-cni-k8s.
"""

from jetbridge.failures.words import NAME, OUT_OF

HOST_CODES = (
    "NodeLost|NodeShutdown|TerminationByKubelet|PreemptionByScheduler|DeletionBy\\w+|"
    "EvictionByEvictionAPI|DisruptionTarget|UnexpectedAdmissionError|NodeAffinity|"
    f"TopologyAffinityError|ContainerStatusUnknown|Unknown|{OUT_OF}|Preempt\\w+|Shutdown|Terminated"
)
HOST = (
    "imminent node shutdown|[Nn]ode is shutting|The node was low on resource|"
    "[Tt]he node had condition:|Node didn't have enough resource:|node is not ready|"
    "in order to admit critical pod|to accommodate a higher priority pod|^Preempted by (?:a )?pod|"
    "Eviction API: evicting|due to NoExecute taint|node no longer exists|"
    "could not be located when the pod was (?:terminated|deleted)|pod could not be located|"
    "^Pod was rejected|Predicate \\w+ failed|^Evicted$|"
    "failed to sync (?:secret|configmap) cache|"
    "(?:Allocate|Update plugin resources) failed due to|requested number of devices unavailable|"
    f"^Node {NAME} which was running pod {NAME} is unresponsive"
)
# The kubelet refuses these on any node.
NEVER_ADMITTED = "forbidden sysctl:|[Cc]annot enforce AppArmor"
NEVER_ADMITTED_CODES = "SysctlForbidden|SysctlUnsupported|AppArmor|PodOSNotSupported"
NETWORK = (
    "failed to assign an IP address to container|[Ff]ailed to create pod sandbox|"
    "failed to setup network for sandbox"
)
CAPACITY = f"{NAME} nodes are available"
MISCONFIGURED_CODES = (
    "CreateContainerConfigError|CreateContainerError|RunContainerError|StartError|"
    "ContainerCannotRun|SignatureValidationFailed|P(?:re|ost)StartHookError|PreCreateHookError"
)
MISCONFIGURED = (
    f"container has runAsNonRoot|breaks non-root policy|couldn't find key {NAME} in|"
    f"(?:^|[:;.] )(?:secret|configmap|serviceaccount|namespaces|persistentvolumeclaim) {NAME} "
    "not found|error looking up service account|admission webhook .* denied the request|"
    "MountVolume.SetUp failed for volume|Unable to attach or mount volumes|is forbidden: |"
    "OCI runtime create failed|[Ff]ailed to create (?:containerd|shim) task"
)
TIMEOUT = "longer than (?:the )?specified deadline"
EXITED = (
    "local storage usage exceeds|exceeded its local ephemeral storage limit|"
    f"Usage of EmptyDir volume {NAME} exceeds"
)
EXITED_CODES = "BackoffLimitExceeded|CrashLoopBackOff|PodFailurePolicy"
