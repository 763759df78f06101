// SPDX-License-Identifier: Apache-2.0
// From a recording to log-mel frames. Pure; any thread.
#pragma once

#include "core/data/media/front_end.h"
#include "core/data/media/media_files.h"

#include <span>
#include <vector>

namespace orrery {

/// Another sample rate, by a windowed-sinc filter (Kaiser, 16 zero crossings to each side, -80 dB).
/// @param samples finite   @param fromRate, toRate per second, >= 1
/// @return ceil(samples · toRate / fromRate) samples
std::vector<float> resample(std::span<const float> samples, int64_t fromRate, int64_t toRate);

/// Powers of the non-negative frequencies of a real signal, by a radix-2 Fourier transform.
class PowerSpectrum {
public:
    /// @param size a power of two, >= 2
    explicit PowerSpectrum(size_t size);
    [[nodiscard]] size_t size() const { return m_reversed.size(); }
    /// @param signal as long as size()   @param power size() / 2 + 1 values |X_k|², not scaled
    void compute(std::span<const float> signal, std::span<double> power);

private:
    std::vector<size_t> m_reversed; ///< index with its bits in reverse
    std::vector<double> m_cosines;  ///< of 2πk/size, k below size / 2
    std::vector<double> m_sines;
    std::vector<double> m_re;
    std::vector<double> m_im;
};

/// One row of triangles over the bins of the spectrum, on the mel scale 2595·log10(1 + f/700) (O'Shaughnessy
/// 1987, as in HTK): corners equally spaced from 0 to half the rate, peak 1.
/// @return weights_MF: bands × (window / 2 + 1)
std::vector<double> melFilters(const FrontEnd &frontEnd);

/// Hann window, power spectrum, mel bands, logarithm. Frame i begins at sample i·hop; samples beyond the end
/// are 0. A band that holds a full-scale sine is near 0 dB; values are (dB + 40) / 20, cut at -80 dB, so
/// silence is -2.
/// @param samples at the front end's rate
/// @return features_NF: N = numAudioTokens(samples), F = framesPerToken × bands, earlier frames first
std::vector<float> logMelTokens(std::span<const float> samples, const FrontEnd &frontEnd);
/// At the rate of the front end, then as above.
std::vector<float> logMelTokens(const Audio &audio, const FrontEnd &frontEnd);

} // namespace orrery
