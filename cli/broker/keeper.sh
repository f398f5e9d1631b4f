# keeper.sh FOLDER COMMAND...   becomes COMMAND, and ends it when whoever holds the other end of standard input is gone.
#
# A small watcher is started first and then the shell is replaced, so there is no moment in which COMMAND runs unwatched.
# A line on standard input dismisses the watcher. End of file without a line means that the parent died, by whatever
# signal: then the command is killed and FOLDER, if not empty, is removed. The watcher is a member of the command's
# process group, so the kernel cannot give the command's process id to a stranger while the watcher lives.
folder=$1
shift
command=$$
exec 3<&0
(
    read -r _ <&3 && exit 0
    kill -9 "$command"
    tries=0
    while kill -0 "$command" && [ "$tries" -lt 30 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    [ -z "$folder" ] || rm -rf -- "$folder"
) >/dev/null 2>&1 &
exec 3<&-
exec "$@" </dev/null
