// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Advice for unknown keys: keys of ZeroFS in Rust, and keys in the wrong section. */
final class OtherNames {
    private static final String REMOVE = "remove it: ";

    /** Advice by dotted name; {@code *} means any section. */
    private static final Map<String, String> ADVICE = Map.ofEntries(
            Map.entry("servers.rpc", REMOVE + "there is no RPC server; [prometheus] has the numbers"),
            Map.entry("servers.webui", REMOVE + "there is no web interface; [prometheus] has the numbers"),
            Map.entry("servers.ha", REMOVE + "a daemon that is started with the same url takes the volume over"),
            Map.entry("servers.9p", "write [servers.ninep]"),
            Map.entry("telemetry", REMOVE + "nothing is ever sent to anybody"),
            Map.entry("wal", REMOVE + "the log is part of the objects under url"),
            Map.entry("gcp", "Google Cloud Storage is not supported; use s3://, azure:// or file://"),
            Map.entry("encryption", "write the password as encryption_password in [storage]"),
            Map.entry("*.encryption_key", "write encryption_password"),
            Map.entry("*.storage_class", REMOVE + "a lifecycle rule of the bucket can change the class of objects"),
            Map.entry("*.warm_metadata", REMOVE + "the index is fetched whole when a volume is opened"),
            Map.entry("*.conditional_put", REMOVE + "conditional writes are always used, and tried out at each start"),
            Map.entry("*.copy_if_not_exists", REMOVE + "objects are never copied"),
            Map.entry("*.sync_writes", "write durability = \"strict\" in [servers.nfs]; 9P and NBD confirm at fsync"),
            Map.entry("*.wal_enabled", REMOVE + "the log cannot be turned off"),
            Map.entry("*.l0_max_ssts", REMOVE + "the index tunes itself"),
            Map.entry("*.max_concurrent_compactions", REMOVE + "the index tunes itself"),
            Map.entry("*.max_unflushed_gb", REMOVE + "[cache] memory_size_gb bounds unwritten data as well"),
            Map.entry("*.flush_interval_ms", "write flush_interval_secs"),
            Map.entry("aws.token", "write session_token"),
            Map.entry("aws.endpoint_url", "write endpoint"),
            Map.entry("aws.bucket", "write the bucket into url"),
            Map.entry("aws.skip_signature", REMOVE + "requests without a signature cannot write"),
            Map.entry("aws.unsigned_payload", REMOVE + "payloads are signed or protected by TLS"),
            Map.entry("azure.account_name", "write storage_account_name"),
            Map.entry("azure.account_key", "write storage_account_key"),
            Map.entry("azure.access_key", "write storage_account_key"),
            Map.entry("azure.container_name", "write the container into url"),
            Map.entry("azure.use_emulator", "write endpoint = \"http://127.0.0.1:10000/devstoreaccount1\""),
            Map.entry("azure.client_id", "set AZURE_CLIENT_ID in the environment"),
            Map.entry("azure.client_secret", "set AZURE_CLIENT_SECRET in the environment"),
            Map.entry("azure.tenant_id", "set AZURE_TENANT_ID in the environment"),
            Map.entry("azure.sas_token", "use storage_account_key or the environment's credentials"),
            Map.entry("azure.sas_key", "use storage_account_key or the environment's credentials"));

    private OtherNames() {}

    static Optional<String> advice(String section, String key) {
        String dotted = section.isEmpty() ? key : section + "." + key;
        return Optional.ofNullable(ADVICE.get(dotted))
                .or(() -> Optional.ofNullable(ADVICE.get("*." + key)))
                .or(() -> elsewhere(key));
    }

    /** Returns advice for a key with a right name in a wrong section. */
    private static Optional<String> elsewhere(String key) {
        List<String> places = new ArrayList<>();
        addPlaces("", ZerofsConfig.class, key, places);
        return places.isEmpty() ? Optional.empty() : Optional.of("did you mean " + String.join(" or ", places) + "?");
    }

    private static void addPlaces(String parent, Class<? extends Record> type, String wanted, List<String> places) {
        for (Key key : Key.of(type)) {
            String name = parent.isEmpty() ? key.name() : parent + "." + key.name();
            if (key.name().equals(wanted)) {
                places.add(key.isSection() ? "[" + name + "]" : "[" + parent + "] " + wanted);
            }
            if (key.isSection()) {
                addPlaces(name, key.sectionType(), wanted, places);
            }
        }
    }
}
