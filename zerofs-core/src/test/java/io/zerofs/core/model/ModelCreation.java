// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;

/** The attributes of a new file of the model. */
final class ModelCreation {
    private ModelCreation() {}

    static void requireValid(NewNode wanted) throws FsException {
        if (wanted.kind() == FileKind.SYMLINK) {
            if (wanted.symlinkTarget().length == 0) {
                throw FsError.INVALID.exception();
            }
            if (wanted.symlinkTarget().length > VirtualFileSystem.SYMLINK_BYTES_MAX) {
                throw FsError.NAME_TOO_LONG.exception();
            }
        }
    }

    static void initialise(Credentials who, ModelNode parent, ModelNode child, NewNode wanted) {
        AttributeChange initial = wanted.initial();
        boolean root = who.uid() == 0;
        boolean setgid = (parent.mode & 02000) != 0;
        child.uid = root && initial.uid() != null ? initial.uid() : who.uid();
        child.gid = who.gid();
        if (initial.gid() != null && (root || who.isMember(initial.gid()))) {
            child.gid = initial.gid();
        }
        if (setgid) {
            child.gid = parent.gid;
        }
        child.mode = initial.mode() == null ? 0 : initial.mode();
        if (child.isDirectory()) {
            child.mode |= setgid ? 02000 : 0;
        }
        boolean executed = (child.mode & 02010) == 02010;
        if (executed && !(setgid && child.isDirectory()) && !root && !who.isMember(child.gid)) {
            child.mode &= ~02000;
        }
        child.links = child.isDirectory() ? 2 : 1;
        child.parent = child.isDirectory() ? parent : null;
        child.target = wanted.symlinkTarget();
        child.device = wanted.device();
        child.size = initial.size() == null ? 0 : initial.size();
        if (wanted.existing() == NewNode.Existing.OPEN_IF_SAME_VERIFIER) {
            child.verifier = wanted.verifier();
        }
    }
}
