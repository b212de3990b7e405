// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The network before the store: the proxy of ci/stores, which adds latency and faults and counts requests. */
final class StoreNetwork {
    private StoreNetwork() {}

    /** Returns the kind of the store: ceph, s3mock or azurite. */
    static String kind() {
        return environment("STORE_KIND");
    }

    /** Sets faults and latency, as the class comment of StoreProxy lists them. */
    static void set(String faults) throws IOException, InterruptedException {
        ask("set?" + faults);
    }

    /** Ends all faults and the latency. */
    static void clear() throws IOException, InterruptedException {
        ask("clear");
    }

    /** Sets the counts to zero. */
    static void reset() throws IOException, InterruptedException {
        ask("reset");
    }

    /** Returns a count since the last reset, such as requests.PUT. */
    static long counted(String name) throws IOException, InterruptedException {
        Matcher count =
                Pattern.compile("\"" + Pattern.quote(name) + "\": ([0-9]+)").matcher(ask("stats"));
        return count.find() ? Long.parseLong(count.group(1)) : 0;
    }

    private static String ask(String command) throws IOException, InterruptedException {
        return Http.get(address() + command);
    }

    static String address() {
        return "http://127.0.0.1:" + environment("PROXY_ADMIN") + "/";
    }

    static String environment(String variable) {
        String value = System.getenv(variable);
        if (value == null) {
            throw new IllegalStateException("there is no store: run it as ci/system/run \"NAME ceph|s3mock|azurite\"");
        }
        return value;
    }
}
