// Python's objects as this core meets them: errors that pass through, texts, and structs as MessagePack.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <unordered_map>

#include "pack.hpp"

namespace core {

// A Python exception is set.
struct Raised {};

class Ref {
  public:
    Ref() = default;
    explicit Ref(PyObject *owned) : object_(owned) {}
    Ref(Ref &&other) noexcept : object_(other.object_) { other.object_ = nullptr; }
    Ref &operator=(Ref &&other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() { Py_XDECREF(object_); }

    static Ref shared(PyObject *borrowed) {
        Py_XINCREF(borrowed);
        return Ref(borrowed);
    }

    PyObject *get() const { return object_; }
    PyObject *give() {
        PyObject *given = object_;
        object_ = nullptr;
        return given;
    }

  private:
    PyObject *object_ = nullptr;
};

inline Ref checked(PyObject *owned) {
    if (!owned) {
        throw Raised();
    }
    return Ref(owned);
}

inline Text text_of(PyObject *text) {
    Py_ssize_t size;
    const char *held = PyUnicode_AsUTF8AndSize(text, &size);
    if (!held) {
        throw Raised();
    }
    return Text(held, static_cast<std::size_t>(size));
}

inline Text bytes_of(PyObject *bytes) {
    if (!PyBytes_Check(bytes)) {
        PyErr_SetString(PyExc_TypeError, "bytes belong here");
        throw Raised();
    }
    return Text(PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes)));
}

inline i64 number_of(PyObject *number) {
    long long value = PyLong_AsLongLong(number);
    if (value == -1 && PyErr_Occurred()) {
        throw Raised();
    }
    return value;
}

inline PyObject *bytes_from(Text bytes) {
    return PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size()));
}

inline PyObject *text_from(Text text) {
    return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

// A field of a msgspec struct: read at its place in the object, which the struct's own member tells.
struct Member {
    std::string packed_name;
    Py_ssize_t offset = 0;
    PyObject *standard = nullptr;  // its default, if it has one; the type keeps it

    PyObject *in(PyObject *object) const {
        PyObject *value = *reinterpret_cast<PyObject **>(reinterpret_cast<char *>(object) + offset);
        if (!value) {
            PyErr_SetString(PyExc_AttributeError, "a field of an event is not set");
            throw Raised();
        }
        return value;
    }
};

inline Py_ssize_t offset_of(PyTypeObject *type, const char *name) {
    Ref member = checked(PyObject_GetAttrString(reinterpret_cast<PyObject *>(type), name));
    if (!Py_IS_TYPE(member.get(), &PyMemberDescr_Type)) {
        PyErr_Format(PyExc_TypeError, "%s.%s is not kept at a place of its own", type->tp_name, name);
        throw Raised();
    }
    return reinterpret_cast<PyMemberDescrObject *>(member.get())->d_member->offset;
}

// Writes msgspec structs as msgspec does: as maps of the fields that differ from their defaults.
class StructPacker {
  public:
    void write(Packer &to, PyObject *value) {
        if (value == Py_None) {
            to.nil();
        } else if (PyUnicode_CheckExact(value)) {
            to.text(text_of(value));
        } else if (PyBool_Check(value)) {
            to.boolean(value == Py_True);
        } else if (PyLong_CheckExact(value)) {
            to.integer(number_of(value));
        } else if (PyFloat_CheckExact(value)) {
            to.real(PyFloat_AS_DOUBLE(value));
        } else if (PyList_CheckExact(value)) {
            to.array(static_cast<std::size_t>(PyList_GET_SIZE(value)));
            for (Py_ssize_t at = 0; at < PyList_GET_SIZE(value); ++at) {
                write(to, PyList_GET_ITEM(value, at));
            }
        } else {
            write_struct(to, value);
        }
    }

  private:
    void write_struct(Packer &to, PyObject *value) {
        const std::vector<Member> &members = members_of(Py_TYPE(value));
        std::size_t said = 0;
        for (const Member &member : members) {
            said += member.in(value) != member.standard;
        }
        to.map(said);
        for (const Member &member : members) {
            PyObject *held = member.in(value);
            if (held != member.standard) {
                to.raw(member.packed_name);
                write(to, held);
            }
        }
    }

    const std::vector<Member> &members_of(PyTypeObject *type) {
        auto found = known_.find(type);
        if (found != known_.end()) {
            return found->second;
        }
        PyObject *object = reinterpret_cast<PyObject *>(type);
        Ref fields = checked(PyObject_GetAttrString(object, "__struct_fields__"));
        Ref defaults = checked(PyObject_GetAttrString(object, "__struct_defaults__"));
        Py_ssize_t count = PyTuple_GET_SIZE(fields.get()), standard = PyTuple_GET_SIZE(defaults.get());
        std::vector<Member> members;
        for (Py_ssize_t at = 0; at < count; ++at) {
            PyObject *name = PyTuple_GET_ITEM(fields.get(), at);
            Packer packed;
            packed.text(text_of(name));
            Py_ssize_t of_default = at - (count - standard);
            members.push_back({std::string(packed.bytes()), offset_of(type, PyUnicode_AsUTF8(name)),
                               of_default < 0 ? nullptr : PyTuple_GET_ITEM(defaults.get(), of_default)});
        }
        return known_[type] = std::move(members);
    }

    std::unordered_map<PyTypeObject *, std::vector<Member>> known_;
};

}  // namespace core
