// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStoreException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** All objects of a store in the order of their names, of which one page is in memory. One thread, used once. */
final class AllObjects implements Iterator<ObjectInfo> {
    private static final int LIST_MAX = 1000;

    private final ObjectStore store;
    private List<ObjectInfo> page = List.of();
    private int at;
    private boolean isLast;
    private String after = "";

    AllObjects(ObjectStore store) {
        this.store = store;
    }

    @Override
    public boolean hasNext() {
        if (at == page.size() && !isLast) {
            try {
                page = store.list("", after, LIST_MAX);
            } catch (ObjectStoreException e) {
                throw new StoreFailure(e);
            }
            at = 0;
            isLast = page.size() < LIST_MAX;
        }
        return at < page.size();
    }

    @Override
    public ObjectInfo next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        ObjectInfo info = page.get(at++);
        after = info.name();
        return info;
    }
}
