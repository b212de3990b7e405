// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.net.URI;

/**
 * A store in the network that was started for these tests, as the environment describes it: for the name {@code CEPH} in
 * {@code ZEROFS_TEST_CEPH_ENDPOINT}, {@code ZEROFS_TEST_CEPH_KEY} and {@code ZEROFS_TEST_CEPH_SECRET}. The script
 * {@code ci/stores/test} starts the servers and sets them.
 */
public record TestServer(URI endpoint, String key, String secret) {
    /** The same server by way of {@code ci/stores/StoreProxy.java}, whose port {@code ZEROFS_TEST_CEPH_PROXY} names. */
    public TestServer behindProxy(String name) {
        int port = Integer.parseInt(variable(name, "PROXY"));
        URI proxied = URI.create("http://127.0.0.1:" + port + endpoint.getPath());
        return new TestServer(proxied, key, secret);
    }

    /** The proxy's address for commands, from {@code ZEROFS_TEST_CEPH_PROXY_ADMIN}. */
    public static URI proxyAdmin(String name) {
        return URI.create("http://127.0.0.1:" + variable(name, "PROXY_ADMIN"));
    }

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
