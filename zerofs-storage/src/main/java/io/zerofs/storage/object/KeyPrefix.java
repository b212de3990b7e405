// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/**
 * The part of a storage URL after the bucket or container. All keys begin with it.
 *
 * @param value empty, or ending with a slash
 */
public record KeyPrefix(String value) {
    /** @param value slashes at its ends make no difference */
    public KeyPrefix {
        int from = 0;
        int to = value.length();
        while (from < to && value.charAt(from) == '/') {
            from++;
        }
        while (to > from && value.charAt(to - 1) == '/') {
            to--;
        }
        value = from == to ? "" : value.substring(from, to) + "/";
    }

    public String keyOf(String name) {
        return value + ObjectName.require(name);
    }

    public String keyPrefixOf(String namePrefix) {
        return value + ObjectName.requirePrefix(namePrefix);
    }

    /** Returns the name of the object with this key. The key begins with the prefix. */
    public String nameOf(String key) {
        return key.substring(value.length());
    }
}
