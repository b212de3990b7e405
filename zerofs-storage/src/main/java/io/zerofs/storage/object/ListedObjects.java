// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the entries of a list as a store sends them. Refuses an answer that cannot be a list: an entry of another
 * prefix, out of order, or without its size. The caller would take an omitted object for a missing one. Confined to one
 * thread.
 */
public final class ListedObjects {
    private final String what;
    private final KeyPrefix prefix;
    private final String keyPrefix;
    private final String after;
    private final int max;
    private final List<ObjectInfo> page = new ArrayList<>();
    private String last = "";

    /**
     * @param what the request and the store, for messages
     * @param after the list omits entries up to this name
     */
    public ListedObjects(String what, KeyPrefix prefix, String namePrefix, String after, int max) {
        this.what = what;
        this.prefix = prefix;
        this.keyPrefix = prefix.keyPrefixOf(namePrefix);
        this.after = after;
        this.max = max;
    }

    public void add(String key, Long size) throws ObjectStoreException {
        if (key == null || !key.startsWith(keyPrefix)) {
            throw odd("it has an entry outside of " + keyPrefix);
        }
        String name = prefix.nameOf(key);
        if (!ObjectName.isName(name)) {
            return;
        }
        if (name.compareTo(last) <= 0) {
            throw odd("it is not in order at " + name);
        }
        last = name;
        if (size == null || size < 0) {
            throw odd("it has no size of " + name);
        }
        if (name.compareTo(after) > 0 && !isFull()) {
            page.add(new ObjectInfo(name, size));
        }
    }

    public boolean isFull() {
        return page.size() == max;
    }

    public int missing() {
        return max - page.size();
    }

    public List<ObjectInfo> page() {
        return page;
    }

    /** Returns the failure for an answer that cannot be the list. The request is worth repeating. */
    public ObjectStoreException odd(String reason) {
        return new ObjectStoreException(Kind.UNAVAILABLE, what + ": the answer is not the list: " + reason, null);
    }
}
