// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * A change of attributes, applied atomically. A null component keeps the attribute.
 *
 * @param mode new permission bits (07777) or null
 * @param uid new owner or null; {@link Credentials#NO_ID} also keeps the owner, as in chown(2)
 * @param gid new group or null, likewise
 * @param size new size in bytes, unsigned, or null
 * @param accessed change of atime
 * @param modified change of mtime
 * @param guard if not null, the change happens only if ctime equals it, else NOT_SYNC (RFC 1813 §3.3.2)
 */
public record AttributeChange(
        Integer mode, Integer uid, Integer gid, Long size, TimeChange accessed, TimeChange modified, Timestamp guard) {
    public static final AttributeChange NONE =
            new AttributeChange(null, null, null, null, TimeChange.KEEP, TimeChange.KEEP, null);

    public AttributeChange {
        uid = idOrNull(uid);
        gid = idOrNull(gid);
    }

    private static Integer idOrNull(Integer id) {
        return id != null && id == Credentials.NO_ID ? null : id;
    }

    public static AttributeChange ofMode(int mode) {
        return new AttributeChange(mode, null, null, null, TimeChange.KEEP, TimeChange.KEEP, null);
    }

    public static AttributeChange ofSize(long size) {
        return new AttributeChange(null, null, null, size, TimeChange.KEEP, TimeChange.KEEP, null);
    }

    public static AttributeChange ofOwner(Integer uid, Integer gid) {
        return new AttributeChange(null, uid, gid, null, TimeChange.KEEP, TimeChange.KEEP, null);
    }

    public static AttributeChange ofTimes(TimeChange accessed, TimeChange modified) {
        return new AttributeChange(null, null, null, null, accessed, modified, null);
    }
}
