// SPDX-License-Identifier: Apache-2.0
// Holds a model's fp32 masters in creation order, initialises them, and hands out the tensor that a matmul
// should use: the master itself, or its cached copy in a lower precision whose gradient flows back into the
// master. Only the thread that owns the model.
#pragma once

#include "core/nn/transformer.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace orrery::nn {

/// How a parameter begins. Normal: N(0, value); Constant: value everywhere.
struct ParameterInit {
    enum class Kind : uint8_t { Constant, Normal };
    Kind kind = Kind::Constant;
    float value = 0.0f;
    static ParameterInit zeros() { return constant(0.0f); }
    static ParameterInit ones() { return constant(1.0f); }
    static ParameterInit constant(float value) { return {Kind::Constant, value}; }
    static ParameterInit normal(float deviation) { return {Kind::Normal, deviation}; }
};

class ParameterStore;

/// A parameter as a layer sees it. Cheap to copy; empty when the layer goes without (no bias).
class Weight {
public:
    Weight() = default;
    Weight(ParameterStore *store, size_t index) : m_store(store), m_index(index) {}
    [[nodiscard]] bool exists() const { return m_store != nullptr; }
    /// Differentiable with respect to the master; an undefined tensor when there is no parameter.
    [[nodiscard]] at::Tensor as(at::ScalarType dtype) const;

private:
    ParameterStore *m_store = nullptr;
    size_t m_index = 0;
};

class ParameterStore {
public:
    ParameterStore(uint64_t seed, at::Device device) : m_seed(seed), m_device(device) {}
    ParameterStore(const ParameterStore &) = delete;
    ParameterStore &operator=(const ParameterStore &) = delete;

    /// While one lives, parameters are of a part that the plain model does not have: their numbers come from
    /// a sequence of their own, so that the others begin as they would without it.
    class PartScope {
    public:
        explicit PartScope(ParameterStore &store) : m_store(store) { ++m_store.m_partDepth; }
        ~PartScope() { --m_store.m_partDepth; }
        PartScope(const PartScope &) = delete;
        PartScope &operator=(const PartScope &) = delete;

    private:
        ParameterStore &m_store;
    };
    /// Matrices decay; norms, biases and gates, of any other number of dimensions, do not. The numbers depend
    /// on seed and creation index (among those of parts, or among the others) alone.
    Weight add(const std::string &name, at::IntArrayRef shape, const ParameterInit &init);
    [[nodiscard]] std::vector<Parameter> &parameters() { return m_parameters; }
    [[nodiscard]] at::Device device() const { return m_device; }
    /// The master, or its copy in dtype, made at most once between two calls of mastersChanged().
    at::Tensor use(size_t index, at::ScalarType dtype);
    void mastersChanged() { ++m_version; }

private:
    struct Copy {
        at::Tensor tensor;
        uint64_t version = 0;
    };

    uint64_t m_seed = 0;
    at::Device m_device;
    std::vector<Parameter> m_parameters;
    std::vector<Copy> m_copies;
    uint64_t m_version = 1;
    int m_partDepth = 0;
    uint32_t m_numPartParameters = 0;
};

} // namespace orrery::nn
