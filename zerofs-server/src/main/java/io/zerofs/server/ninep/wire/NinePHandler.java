// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/**
 * One method per operation, so that the compiler finds an operation without an answer. Each family has an interface.
 *
 * @param <R> result of an operation
 * @param <E> its failure
 */
public interface NinePHandler<R, E extends Exception> {
    Fids<R, E> fids();

    Names<R, E> names();

    Data<R, E> data();

    Attributes<R, E> attributes();

    Xattrs<R, E> xattrs();

    Locks<R, E> locks();

    /** Operations that make, move and free fids. */
    interface Fids<R, E extends Exception> {
        R auth(Tmessage.Tauth request) throws E;

        R attach(Tmessage.Tattach request) throws E;

        R walk(Tmessage.Twalk request) throws E;

        R clunk(Tmessage.Tclunk request) throws E;

        R remove(Tmessage.Tremove request) throws E;
    }

    /** Operations that make, move, read and remove names. */
    interface Names<R, E extends Exception> {
        R symlink(Tmessage.Tsymlink request) throws E;

        R makeDirectory(Tmessage.Tmkdir request) throws E;

        R makeNode(Tmessage.Tmknod request) throws E;

        R link(Tmessage.Tlink request) throws E;

        R readLink(Tmessage.Treadlink request) throws E;

        R rename(Tmessage.Trename request) throws E;

        R renameAt(Tmessage.Trenameat request) throws E;

        R unlinkAt(Tmessage.Tunlinkat request) throws E;
    }

    /** Operations that open, read and write files and directories. */
    interface Data<R, E extends Exception> {
        R open(Tmessage.Tlopen request) throws E;

        R create(Tmessage.Tlcreate request) throws E;

        R read(Tmessage.Tread request) throws E;

        R write(Tmessage.Twrite request) throws E;

        R sync(Tmessage.Tfsync request) throws E;

        R readDirectory(Tmessage.Treaddir request) throws E;
    }

    /** Operations on attributes of files and of the file system. */
    interface Attributes<R, E extends Exception> {
        R getAttributes(Tmessage.Tgetattr request) throws E;

        R setAttributes(Tmessage.Tsetattr request) throws E;

        R statistics(Tmessage.Tstatfs request) throws E;
    }

    /** Operations on extended attributes. */
    interface Xattrs<R, E extends Exception> {
        R xattrWalk(Tmessage.Txattrwalk request) throws E;

        R xattrCreate(Tmessage.Txattrcreate request) throws E;
    }

    /** Operations on byte-range locks. */
    interface Locks<R, E extends Exception> {
        R lock(Tmessage.Tlock request) throws E;

        R getLock(Tmessage.Tgetlock request) throws E;
    }
}
