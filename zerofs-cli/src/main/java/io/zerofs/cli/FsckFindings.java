// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.fs.ConsistencyChecker;
import io.zerofs.core.fs.FilePaths;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.check.Findings;
import java.io.IOException;
import java.util.Map;

/** Names the files of findings by their paths. Joins lost ranges that touch each other. One thread. */
final class FsckFindings implements Findings {
    private final FsckOutput output;
    private final FilePaths paths;
    private long inode;
    private long from;
    private long end;
    private String why;

    FsckFindings(FsckOutput output, FilePaths paths) {
        this.output = output;
        this.paths = paths;
    }

    static void report(ConsistencyChecker.Problem problem, FilePaths paths, FsckOutput output) {
        if (problem.inode() == 0) {
            output.volume(problem.what());
        } else {
            output.file(pathOf(problem.inode(), paths), problem.inode(), problem.what());
        }
    }

    static String pathOf(long inode, FilePaths paths) {
        try {
            return paths.of(inode);
        } catch (VolumeException | IOException e) {
            return "inode " + inode;
        }
    }

    @Override
    public void lost(long lostInode, long lostFrom, long lostEnd, String reason) {
        if (why != null && lostInode == inode && lostFrom == end && reason.equals(why)) {
            end = lostEnd;
            return;
        }
        flush();
        inode = lostInode;
        from = lostFrom;
        end = lostEnd;
        why = reason;
    }

    /** Prints the last lost range. */
    void flush() {
        if (why == null) {
            return;
        }
        String reason = why;
        why = null;
        long size = sizeOf(inode);
        long last = size < 0 ? end : Math.min(end, size);
        if (from < last) {
            output.lost(pathOf(inode, paths), inode, from, last, reason);
        }
    }

    private long sizeOf(long number) {
        try {
            return paths.sizeOf(number);
        } catch (VolumeException e) {
            return -1;
        }
    }

    @Override
    public void wrong(String what) {
        flush();
        output.volume(what);
    }

    @Override
    public void remarkable(String what) {
        flush();
        output.fact("remark", "remark: " + what, Map.of("remark", what));
    }
}
