// A partition as Python sees it: records in, and what is not ordinary left to Python.
#pragma once

#include "calls.hpp"
#include "partition.hpp"

namespace core {

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
    bool is_broken = false;  // something was raised in the middle of a change

    Partition &partition() { return partition_; }

    // Fold every record of a batch; what isn't ordinary is left to ``leave_to``, in its turn.
    void fold(PyObject *values, PyObject *keys, PyObject *offsets, PyObject *received, PyObject *leave_to) {
        Py_ssize_t count = PyList_GET_SIZE(values);
        if (PyList_GET_SIZE(keys) != count || PyList_GET_SIZE(offsets) != count || PyList_GET_SIZE(received) != count) {
            PyErr_SetString(PyExc_ValueError, "a batch has as many keys, offsets and receipts as values");
            throw Raised();
        }
        for (Py_ssize_t n = 0; n < count; ++n) {
            bring_near(values, keys, n, count);
            Record record{PyList_GET_ITEM(values, n), PyList_GET_ITEM(keys, n), PyList_GET_ITEM(offsets, n),
                          PyList_GET_ITEM(received, n), partition_.clock_ms};
            partition_.clock_ms = std::max(partition_.clock_ms, number_of(record.received));
            Ref envelope = envelope_of(record.raw);
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
            partition_.world.kinds.is_known[kind] = rank[kind] != UNRANKED;
        }
    }

    static constexpr Py_ssize_t FAR = 8, NEAR = 4;
    static constexpr char UNRANKED = 127;  // no kind of an account's

    // Ask for the memory of records to come and of their accounts, so that it is there when their turn comes.
    void bring_near(PyObject *values, PyObject *keys, Py_ssize_t n, Py_ssize_t count) {
        if (n + FAR < count) {
            PyObject *key = PyList_GET_ITEM(keys, n + FAR), *raw = PyList_GET_ITEM(values, n + FAR);
            if (PyBytes_Check(key)) {
                partition_.shelf.bring_near(bytes_of(key), ahead_[(n + FAR) % RING]);
            }
            for (int line = 0; line < 6; ++line) {
                __builtin_prefetch(reinterpret_cast<char *>(raw) + line * 64);
            }
        }
        if (n + NEAR < count && n + NEAR >= FAR) {
            partition_.shelf.bring_nearer(ahead_[(n + NEAR) % RING]);
        }
    }

    static constexpr int TAKEN = -2, NOT_TAKEN = -1;
    static constexpr std::size_t MAX_BYTES = 65'536;

    // The envelope of an event whose attributes and data have the shapes of its type, else None; as
    // `schemas.ordinary.envelope_of` finds it.
    Ref envelope_of(PyObject *raw) {
        if (raw == Py_None) {
            return Ref::shared(Py_None);
        }
        Text bytes = bytes_of(raw);
        bool has_backslash = std::memchr(bytes.data(), '\\', bytes.size()) != nullptr;
        if (bytes.size() > MAX_BYTES || (has_backslash && bytes.find("\\u0000") != Text::npos)) {
            return Ref::shared(Py_None);
        }
        Ref envelope(PyObject_CallOneArg(calls.decode.get(), raw));
        if (!envelope.get()) {
            if (!PyErr_ExceptionMatches(calls.no_envelope.get())) {
                throw Raised();
            }
            PyErr_Clear();
            return Ref::shared(Py_None);
        }
        EnvelopeShape &shape = shape_of(Py_TYPE(envelope.get()));
        PyObject *data = at(envelope.get(), shape.data);
        if (shape.kind == TOUCH && data != Py_None && !shape.rep) {
            shape.rep = offset_of(Py_TYPE(data), "rep");
            shape.automated = offset_of(Py_TYPE(data), "automated");
        }
        if (at(envelope.get(), shape.voided) == Py_True) {
            if (data != Py_None && PyObject_SetAttrString(envelope.get(), "data", Py_None)) {
                throw Raised();
            }
            return envelope;
        }
        if (data == Py_None || !is_sound(shape, data)) {
            return Ref::shared(Py_None);
        }
        return envelope;
    }

    bool is_sound(const EnvelopeShape &shape, PyObject *data) {
        if (shape.is_sound == Py_None) {
            return true;
        }
        if (shape.kind == TOUCH) {  // as `schemas.soundness` says it of the most frequent kind
            return at(data, shape.rep) != Py_None || at(data, shape.automated) == Py_True;
        }
        Ref answer = checked(PyObject_CallOneArg(shape.is_sound, data));
        return answer.get() == Py_True;
    }

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
        Verdict verdict;
        return partition_.take(place, arrival, come, verdict) ? static_cast<int>(verdict) : TAKEN;
    }

    void pack(PyObject *data, Come &come) {
        packer_.clear();
        if (data != Py_None) {
            struct_packer_.write(packer_, data);
        }
        come.data = packer_.bytes();
    }

    EnvelopeShape &shape_of(PyTypeObject *type) {
        if (type == last_type_) {
            return *last_shape_;
        }
        auto found = shapes_.find(type);
        if (found != shapes_.end()) {
            last_type_ = type;
            last_shape_ = &found->second;
            return found->second;
        }
        EnvelopeShape shape;
        Ref kind = checked(PyObject_GetAttrString(reinterpret_cast<PyObject *>(type), "kind"));
        shape.kind = static_cast<u8>(number_of(kind.get()));
        Ref check = checked(PyObject_GetAttrString(reinterpret_cast<PyObject *>(type), "is_sound"));
        shape.is_sound = check.get();
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

    static constexpr Py_ssize_t RING = 16;
    Partition partition_;
    u64 ahead_[RING] = {};  // hashes of keys to come
    Packer packer_;
    StructPacker struct_packer_;
    std::unordered_map<PyTypeObject *, EnvelopeShape> shapes_;
    PyTypeObject *last_type_ = nullptr;
    EnvelopeShape *last_shape_ = nullptr;
};

}  // namespace core
