// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.net.URI;

/**
 * A store in the network that was started for these tests, as the environment describes it: for the name {@code CEPH} in
 * {@code ZEROFS_TEST_CEPH_ENDPOINT}, {@code ZEROFS_TEST_CEPH_KEY} and {@code ZEROFS_TEST_CEPH_SECRET}. {@code
 * ci/stores/test} starts the servers and sets them.
 */
public record TestServer(URI endpoint, String key, String secret) {
    public static TestServer named(String name) {
        return new TestServer(URI.create(variable(name, "ENDPOINT")), variable(name, "KEY"), variable(name, "SECRET"));
    }

    private static String variable(String name, String part) {
        String variable = "ZEROFS_TEST_" + name + "_" + part;
        String value = System.getenv(variable);
        if (value == null) {
            throw new IllegalStateException(variable + " is not set");
        }
        return value;
    }
}
