// The extension module `salespulse_core`: `Core`, the state and the fold of one activity partition.
#include "partition.hpp"
#include "python.hpp"

namespace core {
namespace {

// Where the fields of an envelope are; those of all kinds but `data` are at the same places.
struct EnvelopeShape {
    u8 kind = 0;
    Py_ssize_t id, source, subject, time, tenant, revision, voided, backfill, receivedat, data;
};

PyObject *at(PyObject *object, Py_ssize_t offset) {
    return *reinterpret_cast<PyObject **>(reinterpret_cast<char *>(object) + offset);
}

// What of Python a core calls: attributes of the object it is given.
struct Calls {
    Ref envelope_of, instant, fingerprint, same_data, unreadable;

    explicit Calls(PyObject *given)
        : envelope_of(checked(PyObject_GetAttrString(given, "envelope_of"))),
          instant(checked(PyObject_GetAttrString(given, "milliseconds_at"))),
          fingerprint(checked(PyObject_GetAttrString(given, "fingerprint"))),
          same_data(checked(PyObject_GetAttrString(given, "same_data"))),
          unreadable(checked(PyObject_GetAttrString(given, "unreadable"))) {}

    u64 fingerprint_of(Text source, Text id) const {
        std::string identity(source);
        identity.push_back('\0');
        identity.append(id);
        Ref text = checked(text_from(identity));
        Ref print = checked(PyObject_CallOneArg(fingerprint.get(), text.get()));
        u64 value = PyLong_AsUnsignedLongLong(print.get());
        if (PyErr_Occurred()) {
            throw Raised();
        }
        return value;
    }

    bool is_same(u8 kind, Text held, Text come) const {
        Ref answer = checked(PyObject_CallFunction(same_data.get(), "iy#y#", kind, held.data(),
                                                   static_cast<Py_ssize_t>(held.size()), come.data(),
                                                   static_cast<Py_ssize_t>(come.size())));
        return answer.get() == Py_True;
    }

    bool instant_of(Text text, i64 &time_ms) const {
        if (InstantText(text).read(time_ms)) {
            return true;
        }
        Ref given = checked(text_from(text));
        Ref found = checked(PyObject_CallOneArg(instant.get(), given.get()));
        if (found.get() == Py_None) {
            return false;
        }
        time_ms = number_of(found.get());
        return true;
    }
};

// One record as it came, borrowed from the lists of its batch.
struct Record {
    PyObject *raw, *key, *offset, *received;
    i64 clock_before_ms;
};

class Core {
  public:
    Core(u32 partition, u32 partitions, i64 settle_after_ms, std::size_t memory_bytes, PyObject *given)
        : calls(given), partition_(
                            partition, partitions, settle_after_ms, memory_bytes,
                            [this](Text source, Text id) { return calls.fingerprint_of(source, id); },
                            [this](u8 kind, Text held, Text come) { return calls.is_same(kind, held, come); },
                            [this](Text text, i64 &time_ms) { return calls.instant_of(text, time_ms); }) {
        read_tables(checked(PyObject_GetAttrString(given, "ranks")).get(),
                    checked(PyObject_GetAttrString(given, "settles")).get());
    }

    Calls calls;

    Partition &partition() { return partition_; }

    // Fold every record of a batch; what isn't ordinary is left to ``leave_to``, in its turn.
    void fold(PyObject *values, PyObject *keys, PyObject *offsets, PyObject *received, PyObject *leave_to) {
        for (Py_ssize_t n = 0; n < PyList_GET_SIZE(values); ++n) {
            Record record{PyList_GET_ITEM(values, n), PyList_GET_ITEM(keys, n), PyList_GET_ITEM(offsets, n),
                          PyList_GET_ITEM(received, n), partition_.clock_ms};
            partition_.clock_ms = std::max(partition_.clock_ms, number_of(record.received));
            Ref envelope = Ref::shared(Py_None);
            if (record.raw != Py_None) {
                envelope = checked(PyObject_CallOneArg(calls.envelope_of.get(), record.raw));
            }
            int verdict = NOT_TAKEN;
            if (envelope.get() != Py_None && record.key != Py_None) {
                verdict = take(envelope.get(), record);
            }
            if (verdict != TAKEN) {
                leave(leave_to, envelope.get(), record, verdict);
            }
        }
    }

    // Fold an event that Python has judged to be valid and at home.
    Verdict judge(PyObject *event, PyObject *key, i64 offset, i64 received_ms, i64 clock_before_ms) {
        Ref tenant = field(event, "tenant"), source = field(event, "source"), id = field(event, "id");
        Ref data = field(event, "data"), voided = field(event, "voided"), backfill = field(event, "backfill");
        Arrival arrival{text_of(tenant.get()), Text(), bytes_of(key), offset, received_ms, clock_before_ms};
        Come come;
        come.kind = static_cast<u8>(number_of(field(event, "kind").get()));
        come.time_ms = number_of(field(event, "time_ms").get());
        come.source = partition_.world.names.of(text_of(source.get()));
        come.id = text_of(id.get());
        come.revision = static_cast<u32>(number_of(field(event, "revision").get()));
        come.voided = voided.get() == Py_True;
        come.backfill = backfill.get() == Py_True;
        pack(data.get(), come);
        return partition_.judge(partition_.shelf.find(arrival.key), arrival, come);
    }

  private:
    static Ref field(PyObject *event, const char *name) { return checked(PyObject_GetAttrString(event, name)); }

    void read_tables(PyObject *ranks, PyObject *settles) {
        Text rank = bytes_of(ranks), settling = bytes_of(settles);
        for (std::size_t kind = 0; kind < KINDS; ++kind) {
            partition_.world.kinds.rank[kind] = static_cast<u8>(rank[kind]);
            partition_.world.kinds.settles[kind] = settling[kind] != 0;
        }
    }

    static constexpr int TAKEN = -2, NOT_TAKEN = -1;

    // Take an ordinary event: TAKEN, the number of the verdict where a letter is due, or NOT_TAKEN, and nothing has
    // changed, where there is more to it.
    int take(PyObject *envelope, const Record &record) {
        const EnvelopeShape &shape = shape_of(Py_TYPE(envelope));
        Come come;
        if (at(envelope, shape.receivedat) != Py_None ||
            !InstantText(text_of(at(envelope, shape.time))).read(come.time_ms)) {
            return NOT_TAKEN;
        }
        Arrival arrival{text_of(at(envelope, shape.tenant)),
                        text_of(at(envelope, shape.subject)),
                        bytes_of(record.key),
                        number_of(record.offset),
                        number_of(record.received),
                        record.clock_before_ms};
        i64 age_ms = arrival.received_ms - come.time_ms;
        Place *place = nullptr;
        if (age_ms < -AHEAD_MS || age_ms > AGE_MS || !partition_.is_at_home(arrival, place)) {
            return NOT_TAKEN;
        }
        if (partition_.is_reflected(place, arrival.offset)) {
            return TAKEN;
        }
        come.kind = shape.kind;
        come.source = partition_.world.names.of(text_of(at(envelope, shape.source)));
        come.id = text_of(at(envelope, shape.id));
        come.revision = static_cast<u32>(number_of(at(envelope, shape.revision)));
        come.voided = at(envelope, shape.voided) == Py_True;
        come.backfill = at(envelope, shape.backfill) == Py_True;
        pack(at(envelope, shape.data), come);
        Verdict verdict = partition_.judge(place, arrival, come);
        bool is_refused = verdict > Verdict::SUPERSEDED && !partition_.is_refolding;
        return is_refused ? static_cast<int>(verdict) : TAKEN;
    }

    void pack(PyObject *data, Come &come) {
        packer_.bytes.clear();
        if (data != Py_None) {
            struct_packer_.write(packer_, data);
        }
        come.data = packer_.bytes;
    }

    const EnvelopeShape &shape_of(PyTypeObject *type) {
        auto found = shapes_.find(type);
        if (found != shapes_.end()) {
            return found->second;
        }
        EnvelopeShape shape;
        Ref kind = checked(PyObject_GetAttrString(reinterpret_cast<PyObject *>(type), "kind"));
        shape.kind = static_cast<u8>(number_of(kind.get()));
        for (auto [name, place] : {std::pair<const char *, Py_ssize_t *>{"id", &shape.id},
                                   {"source", &shape.source},
                                   {"subject", &shape.subject},
                                   {"time", &shape.time},
                                   {"tenant", &shape.tenant},
                                   {"revision", &shape.revision},
                                   {"voided", &shape.voided},
                                   {"backfill", &shape.backfill},
                                   {"receivedat", &shape.receivedat},
                                   {"data", &shape.data}}) {
            *place = offset_of(type, name);
        }
        return shapes_[type] = shape;
    }

    // Let Python take a record: from its beginning, or to write the letter that a verdict asks for.
    static void leave(PyObject *to, PyObject *envelope, const Record &record, int verdict) {
        Ref clock_before = checked(PyLong_FromLongLong(record.clock_before_ms));
        Ref said = checked(PyLong_FromLong(verdict));
        PyObject *given[] = {envelope,        record.raw,         record.key, record.offset,
                             record.received, clock_before.get(), said.get()};
        checked(PyObject_Vectorcall(to, given, 7, nullptr));
    }

    Partition partition_;
    Packer packer_;
    StructPacker struct_packer_;
    std::unordered_map<PyTypeObject *, EnvelopeShape> shapes_;
};

struct CoreObject {
    PyObject_HEAD Core *core;
};

Core &core_of(PyObject *self) { return *reinterpret_cast<CoreObject *>(self)->core; }

// Call a function that may raise, in C++ or in Python.
template <typename Body> PyObject *guarded(PyObject *self, Body body) {
    try {
        return body(core_of(self)).give();
    } catch (const Raised &) {
        return nullptr;
    } catch (const Unreadable &error) {
        PyErr_SetString(core_of(self).calls.unreadable.get(), error.what());
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

Ref none() { return Ref::shared(Py_None); }

PyObject *make(PyTypeObject *type, PyObject *args, PyObject *) {
    unsigned int partition, partitions;
    long long settle_after_ms, memory_bytes;
    PyObject *calls;
    if (!PyArg_ParseTuple(args, "IILLO", &partition, &partitions, &settle_after_ms, &memory_bytes, &calls)) {
        return nullptr;
    }
    PyObject *self = type->tp_alloc(type, 0);
    if (!self) {
        return nullptr;
    }
    try {
        reinterpret_cast<CoreObject *>(self)->core =
            new Core(partition, partitions, settle_after_ms, static_cast<std::size_t>(memory_bytes), calls);
        return self;
    } catch (const Raised &) {
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    Py_DECREF(self);
    return nullptr;
}

void end(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    delete reinterpret_cast<CoreObject *>(self)->core;
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject *fold(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        PyObject *values, *keys, *offsets, *received;
        PyObject *leave_to;
        int is_refolding;
        if (!PyArg_ParseTuple(args, "O!O!O!O!pO", &PyList_Type, &values, &PyList_Type, &keys, &PyList_Type, &offsets,
                              &PyList_Type, &received, &is_refolding, &leave_to)) {
            throw Raised();
        }
        core.partition().is_refolding = is_refolding;
        core.fold(values, keys, offsets, received, leave_to);
        return none();
    });
}

PyObject *judge(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        PyObject *event, *key;
        long long offset, received_ms, clock_before_ms;
        if (!PyArg_ParseTuple(args, "OOLLL", &event, &key, &offset, &received_ms, &clock_before_ms)) {
            throw Raised();
        }
        return checked(PyLong_FromLong(static_cast<int>(core.judge(event, key, offset, received_ms, clock_before_ms))));
    });
}

PyObject *is_reflected(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        PyObject *key;
        long long offset;
        if (!PyArg_ParseTuple(args, "SL", &key, &offset)) {
            throw Raised();
        }
        Partition &partition = core.partition();
        return checked(PyBool_FromLong(partition.is_reflected(partition.shelf.find(bytes_of(key)), offset)));
    });
}

PyObject *rows(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        long long offset, before;
        if (!PyArg_ParseTuple(args, "LL", &offset, &before)) {
            throw Raised();
        }
        Ref list = checked(PyList_New(0));
        for (const auto &[key, row] : core.partition().due_rows(offset, before)) {
            Ref pair = checked(PyTuple_New(2));
            PyTuple_SET_ITEM(pair.get(), 0, checked(bytes_from(key)).give());
            PyTuple_SET_ITEM(pair.get(), 1, checked(bytes_from(row)).give());
            if (PyList_Append(list.get(), pair.get())) {
                throw Raised();
            }
        }
        return list;
    });
}

PyObject *cells(PyObject *self, PyObject *) {
    return guarded(self, [&](Core &core) {
        Ref list = checked(PyList_New(0));
        for (const auto &[tenant, record] : core.partition().emission.release()) {
            Ref pair = checked(PyTuple_New(2));
            PyTuple_SET_ITEM(pair.get(), 0, checked(bytes_from(core.partition().world.names.text(tenant))).give());
            PyTuple_SET_ITEM(pair.get(), 1, checked(bytes_from(record)).give());
            if (PyList_Append(list.get(), pair.get())) {
                throw Raised();
            }
        }
        return list;
    });
}

PyObject *tallies(PyObject *self, PyObject *) {
    return guarded(self, [&](Core &core) {
        const Names &names = core.partition().world.names;
        Ref list = checked(PyList_New(0));
        for (const Tally::Count &count : core.partition().tally.release()) {
            for (int verdict = 0; verdict < 5; ++verdict) {
                if (!count.by_verdict[verdict]) {
                    continue;
                }
                Text tenant = names.text(count.tenant), source = names.text(count.source);
                Ref one = checked(Py_BuildValue("s#s#iL", tenant.data(), static_cast<Py_ssize_t>(tenant.size()),
                                                source.data(), static_cast<Py_ssize_t>(source.size()), verdict,
                                                static_cast<long long>(count.by_verdict[verdict])));
                if (PyList_Append(list.get(), one.get())) {
                    throw Raised();
                }
            }
        }
        return list;
    });
}

PyObject *newest(PyObject *self, PyObject *) {
    return guarded(self, [&](Core &core) {
        Ref dict = checked(PyDict_New());
        for (const auto &[tenant, newest_ms] : core.partition().emission.newest()) {
            Ref name = checked(text_from(core.partition().world.names.text(tenant)));
            Ref value = checked(PyLong_FromLongLong(newest_ms));
            if (PyDict_SetItem(dict.get(), name.get(), value.get())) {
                throw Raised();
            }
        }
        return dict;
    });
}

PyObject *put_row(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        PyObject *key, *row;
        if (!PyArg_ParseTuple(args, "SS", &key, &row)) {
            throw Raised();
        }
        core.partition().shelf.put_row(bytes_of(key), bytes_of(row));
        return none();
    });
}

PyObject *restore(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        long long clock_ms;
        PyObject *newest;
        if (!PyArg_ParseTuple(args, "LO!", &clock_ms, &PyDict_Type, &newest)) {
            throw Raised();
        }
        core.partition().clock_ms = clock_ms;
        PyObject *name, *value;
        for (Py_ssize_t place = 0; PyDict_Next(newest, &place, &name, &value);) {
            core.partition().emission.restore_newest(core.partition().world.names.of(text_of(name)), number_of(value));
        }
        return none();
    });
}

PyObject *evict(PyObject *self, PyObject *args) {
    return guarded(self, [&](Core &core) {
        long long offset;
        if (!PyArg_ParseTuple(args, "L", &offset)) {
            throw Raised();
        }
        core.partition().shelf.evict(offset);
        return none();
    });
}

PyObject *floor_of(PyObject *self, PyObject *) {
    return guarded(self, [&](Core &core) {
        const Account *oldest = core.partition().oldest_dirty();
        return oldest ? checked(Py_BuildValue("LL", static_cast<long long>(oldest->dirty_offset),
                                              static_cast<long long>(oldest->dirty_clock_ms)))
                      : none();
    });
}

PyObject *clock(PyObject *self, void *) { return PyLong_FromLongLong(core_of(self).partition().clock_ms); }
PyObject *accounts(PyObject *self, void *) { return PyLong_FromSize_t(core_of(self).partition().shelf.size()); }
PyObject *held(PyObject *self, void *) { return PyLong_FromSize_t(core_of(self).partition().shelf.held_bytes()); }

PyMethodDef METHODS[] = {
    {"fold", fold, METH_VARARGS,
     "fold(values, keys, offsets, received_ms, is_refolding, leave_to): fold the records of a batch; "
     "leave_to(envelope, "
     "raw, key, offset, received_ms, clock_before_ms, verdict) takes what isn't ordinary, or is refused."},
    {"judge", judge, METH_VARARGS, "judge(event, key, offset, received_ms, clock_before_ms) -> number of the verdict."},
    {"is_reflected", is_reflected, METH_VARARGS, "is_reflected(key, offset): whether restored rows hold that record."},
    {"rows", rows, METH_VARARGS, "rows(offset, before) -> [(key, row)]: rows first changed before that offset."},
    {"cells", cells, METH_NOARGS, "cells() -> [(tenant, record)]: what was gathered since the last call."},
    {"tallies", tallies, METH_NOARGS, "tallies() -> [(tenant, source, verdict, count)]: those since the last call."},
    {"newest", newest, METH_NOARGS, "newest() -> {tenant: newest accepted activity, epoch milliseconds}."},
    {"put_row", put_row, METH_VARARGS, "put_row(key, row): take a state row."},
    {"restore", restore, METH_VARARGS, "restore(clock_ms, newest): take what the position says."},
    {"evict", evict, METH_VARARGS, "evict(offset): put accounts back as bytes until the bound holds."},
    {"floor", floor_of, METH_NOARGS, "floor() -> (offset, clock) of the oldest change that is in no row, or None."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef PROPERTIES[] = {
    {"clock_ms", clock, nullptr, "The running maximum of receipts, epoch milliseconds.", nullptr},
    {"accounts", accounts, nullptr, "How many accounts there are.", nullptr},
    {"held_bytes", held, nullptr, "What all accounts take, estimated.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot SLOTS[] = {
    {Py_tp_doc, const_cast<char *>("The state of one activity partition, and its fold.")},
    {Py_tp_new, reinterpret_cast<void *>(make)},
    {Py_tp_dealloc, reinterpret_cast<void *>(end)},
    {Py_tp_methods, METHODS},
    {Py_tp_getset, PROPERTIES},
    {0, nullptr},
};

PyType_Spec SPEC = {"salespulse_core.Core", sizeof(CoreObject), 0, Py_TPFLAGS_DEFAULT, SLOTS};

PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "salespulse_core", "The fold of ACCOUNTS.", -1, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace
}  // namespace core

PyMODINIT_FUNC PyInit_salespulse_core() {
    PyObject *module = PyModule_Create(&core::MODULE);
    PyObject *type = module ? PyType_FromSpec(&core::SPEC) : nullptr;
    if (!type || PyModule_AddObject(module, "Core", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return nullptr;
    }
    return module;
}
