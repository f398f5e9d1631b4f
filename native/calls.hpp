// What a core asks of Python, and where it finds what Python gives it.
#pragma once

#include "instants.hpp"
#include "python.hpp"

namespace core {

// Where the fields of an envelope are; those of all kinds but `data` are at the same places.
struct EnvelopeShape {
    u8 kind = 0;
    PyObject *is_sound =
        nullptr;  // a check of its data that types don't express, None if there is none; its type keeps it
    Py_ssize_t id, source, subject, time, tenant, revision, voided, backfill, receivedat, data;
    Py_ssize_t rep = 0, automated = 0;  // of a touch's data
};

inline PyObject *at(PyObject *object, Py_ssize_t offset) {
    return *reinterpret_cast<PyObject **>(reinterpret_cast<char *>(object) + offset);
}

// What of Python a core calls: attributes of the object it is given.
struct Calls {
    Ref decode, no_envelope, instant, fingerprint, same_data, unreadable;

    explicit Calls(PyObject *given)
        : decode(checked(PyObject_GetAttrString(given, "decode_envelope"))),
          no_envelope(checked(PyObject_GetAttrString(given, "no_envelope"))),
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

}  // namespace core
