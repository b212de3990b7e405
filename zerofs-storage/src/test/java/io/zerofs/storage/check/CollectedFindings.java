// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.index.RocksIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The findings of checks in tests, one line each. */
public final class CollectedFindings implements Findings {
    public final List<String> lines = new ArrayList<>();

    @Override
    public void lost(long inode, long from, long end, String why) {
        lines.add("inode " + inode + " lost " + from + " to " + end + ": " + why);
    }

    @Override
    public void wrong(String what) {
        lines.add(what);
    }

    @Override
    public void remarkable(String what) {
        lines.add("remark: " + what);
    }

    /** Fails if an index has findings. Returns its commits by seq. */
    public static Map<Long, CommitUse> requireConsistent(RocksIndex index) throws VolumeException, IOException {
        CollectedFindings findings = new CollectedFindings();
        Map<Long, CommitUse> commits = new TreeMap<>();
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        try (IndexCheck check = new IndexCheck(index, scratch, findings)) {
            check.compare(commit -> commits.put(commit.id().seq(), commit));
        }
        assertEquals("", String.join("\n", findings.lines), "findings in the index");
        return commits;
    }
}
