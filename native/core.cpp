// The extension module `salespulse_core`: `Core`, the state and the fold of one activity partition.
#include "core.hpp"

namespace core {
namespace {

struct CoreObject {
    PyObject_HEAD Core *core;
};

Core &core_of(PyObject *self) { return *reinterpret_cast<CoreObject *>(self)->core; }

// Call a function that may raise, in C++ or in Python. What was raised may have come in the middle of a change: from
// then on the core says so, and another has to be restored.
template <typename Body> PyObject *guarded(PyObject *self, Body body) {
    Core &core = core_of(self);
    if (core.is_broken) {
        PyErr_SetString(PyExc_RuntimeError, "this core was stopped in the middle of a change; restore another");
        return nullptr;
    }
    try {
        return body(core).give();
    } catch (const Raised &) {
    } catch (const Unreadable &error) {
        PyErr_SetString(core.calls.unreadable.get(), error.what());
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    core.is_broken = true;
    return nullptr;
}

Ref none() { return Ref::shared(Py_None); }

void append(const Ref &list, const Ref &member) {
    if (PyList_Append(list.get(), member.get())) {
        throw Raised();
    }
}

Ref pair_of(Text first, Text second) {
    Ref pair = checked(PyTuple_New(2));
    PyTuple_SET_ITEM(pair.get(), 0, checked(bytes_from(first)).give());
    PyTuple_SET_ITEM(pair.get(), 1, checked(bytes_from(second)).give());
    return pair;
}

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
        core.partition().give_due_rows(offset, before, [&](Text key, Text row) { append(list, pair_of(key, row)); });
        return list;
    });
}

PyObject *cells(PyObject *self, PyObject *) {
    return guarded(self, [&](Core &core) {
        Ref list = checked(PyList_New(0));
        for (const auto &[tenant, record] : core.partition().emission.release()) {
            append(list, pair_of(core.partition().world.names.text(tenant), record));
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
                append(list, one);
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
