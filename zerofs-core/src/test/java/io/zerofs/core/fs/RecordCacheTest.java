// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.vfs.FileName;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class RecordCacheTest {
    private static final int RECORDS = 64;

    private final RecordCache<String> cache = new RecordCache<>(RECORDS);

    @Test
    void aRecordIsFoundUntilItIsRemoved() throws Exception {
        FileName name = FileName.of("a");
        cache.put(1, name, "entry");
        cache.put(1, null, "inode");
        assertEquals("entry", cache.find(1, FileName.of("a")));
        assertEquals("inode", cache.find(1, null));
        assertNull(cache.find(2, name));
        assertNull(cache.find(1, FileName.of("b")));
        cache.put(1, null, "newer");
        assertEquals("newer", cache.find(1, null));
        cache.remove(1, null);
        assertNull(cache.find(1, null));
        assertEquals("entry", cache.find(1, name));
    }

    @Test
    void absentRecordsAreNotKept() throws Exception {
        assertNull(cache.load(1, null, () -> null));
        assertEquals("now", cache.load(1, null, () -> "now"));
        assertEquals("now", cache.find(1, null));
    }

    @Test
    void recordsThatAreTooLargeAreNeverKept() throws Exception {
        RecordCache<String> small = new RecordCache<>(RECORDS, value -> value.length() < 4);
        assertEquals("large", small.load(1, null, () -> "large"));
        assertNull(small.find(1, null));
        small.put(2, null, "few");
        small.put(2, null, "large");
        assertNull(small.find(2, null));
    }

    @Test
    void neverMoreRecordsAreKeptThanItsSize() {
        for (int i = 0; i < 10 * RECORDS; i++) {
            cache.put(i, null, "record");
        }
        int found = 0;
        for (int i = 0; i < 10 * RECORDS; i++) {
            found += cache.find(i, null) == null ? 0 : 1;
        }
        assertTrue(found <= RECORDS, () -> "too many");
        assertTrue(found > RECORDS / 2, "records displace each other too early");
    }

    @Test
    void aSlowReaderReplacesNoNewerRecord() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        Thread reader = new Thread(() -> {
            try {
                cache.load(1, null, () -> {
                    reading.countDown();
                    return "old";
                });
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        reader.start();
        reading.await();
        cache.put(1, null, "new");
        reader.join();
        assertEquals("new", cache.find(1, null));
    }
}
