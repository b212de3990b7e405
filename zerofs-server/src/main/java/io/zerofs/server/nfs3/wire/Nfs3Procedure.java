// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/** The procedures of NFS version 3 (RFC 1813 §3.3), in the order of their numbers. */
public enum Nfs3Procedure {
    NULL(false, FailureShape.NONE),
    GETATTR(false, FailureShape.STATUS),
    SETATTR(true, FailureShape.WCC),
    LOOKUP(false, FailureShape.ATTRIBUTES),
    ACCESS(false, FailureShape.ATTRIBUTES),
    READLINK(false, FailureShape.ATTRIBUTES),
    READ(false, FailureShape.ATTRIBUTES),
    WRITE(true, FailureShape.WCC),
    CREATE(true, FailureShape.WCC),
    MKDIR(true, FailureShape.WCC),
    SYMLINK(true, FailureShape.WCC),
    MKNOD(true, FailureShape.WCC),
    REMOVE(true, FailureShape.WCC),
    RMDIR(true, FailureShape.WCC),
    RENAME(true, FailureShape.TWO_WCC),
    LINK(true, FailureShape.ATTRIBUTES_AND_WCC),
    READDIR(false, FailureShape.ATTRIBUTES),
    READDIRPLUS(false, FailureShape.ATTRIBUTES),
    FSSTAT(false, FailureShape.ATTRIBUTES),
    FSINFO(false, FailureShape.ATTRIBUTES),
    PATHCONF(false, FailureShape.ATTRIBUTES),
    COMMIT(false, FailureShape.WCC);

    private static final Nfs3Procedure[] BY_NUMBER = values();

    private final boolean modifying;
    private final FailureShape failureShape;

    Nfs3Procedure(boolean modifying, FailureShape failureShape) {
        this.modifying = modifying;
        this.failureShape = failureShape;
    }

    /** Returns whether a procedure has this number. */
    public static boolean exists(int number) {
        return number >= 0 && number < BY_NUMBER.length;
    }

    /** Returns the procedure of a number that {@link #exists}. */
    public static Nfs3Procedure of(int number) {
        return BY_NUMBER[number];
    }

    public int number() {
        return ordinal();
    }

    /** Returns whether the procedure changes the file system; such a call must not run twice. */
    public boolean isModifying() {
        return modifying;
    }

    /**
     * Returns the result that reports a failure.
     *
     * @param first attributes of the first file or directory that the call names, or null
     * @param second attributes of the second one, or null
     */
    public Nfs3Result failure(Nfs3Status status, Fattr3 first, Fattr3 second) {
        return switch (failureShape) {
            case NONE -> throw new IllegalStateException(name() + " does not fail");
            case STATUS -> new Nfs3Result.Failure(status);
            case ATTRIBUTES -> new Nfs3Result.AttributesFailure(status, first);
            case WCC -> new Nfs3Result.WccFailure(status, new WccData(null, first));
            case TWO_WCC -> new Nfs3Result.RenameFailure(status, new WccData(null, first), new WccData(null, second));
            case ATTRIBUTES_AND_WCC -> new Nfs3Result.LinkFailure(status, first, new WccData(null, second));
        };
    }

    /** The fields after the status of a failed call. */
    private enum FailureShape {
        NONE,
        STATUS,
        ATTRIBUTES,
        WCC,
        TWO_WCC,
        ATTRIBUTES_AND_WCC
    }
}
