// compress.cpp - the library from C++: objects free themselves, failures are
// exceptions.
//
//     c++ -Iinclude docs/examples/compress.cpp build/libpith.a -pthread -lm
//     ./a.out weights/default.pith 0.5 docs/examples/prompts/meeting.txt
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "pith.h"

template <auto release> struct Releases {
    template <typename T> void operator()(T *object) const { release(object); }
};
using Model = std::unique_ptr<pith_model, Releases<pith_model_free>>;
using Session = std::unique_ptr<pith_session, Releases<pith_session_free>>;
using Result = std::unique_ptr<pith_result, Releases<pith_result_free>>;

// Calls a function whose last parameters are what it hands over and its error.
template <typename Owner, typename Function, typename... Arguments>
Owner made_by(Function function, Arguments... arguments)
{
    typename Owner::pointer object = nullptr;
    pith_error error;
    if (function(arguments..., &object, &error) != PITH_OK)
        throw std::runtime_error(error.detail);
    return Owner(object);
}

static std::string read_file(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw std::runtime_error(std::string(path) + ": cannot be opened");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    text.erase(text.find_last_not_of("\r\n") + 1);
    return text;
}

static void compress(const char *model_path, double rate, const char *path)
{
    std::string text = read_file(path);
    pith_text context = {text.data(), text.size()};
    pith_prompt prompt = {};
    prompt.contexts = &context;
    prompt.n_contexts = 1;
    pith_compress_options options;
    pith_compress_options_init(&options);
    options.rate = rate;

    auto model = made_by<Model>(pith_model_load, model_path, nullptr);
    auto session = made_by<Session>(pith_session_create, model.get(), nullptr);
    auto result = made_by<Result>(pith_compress, session.get(), &prompt,
                                  &options);
    std::cout.write(result->text.bytes, result->text.size) << '\n';
    std::cerr << result->compressed_tokens << " of " << result->origin_tokens
              << " tokens\n";
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::cerr << "usage: " << argv[0] << " MODEL.pith RATE FILE\n";
        return 2;
    }
    try {
        compress(argv[1], std::stod(argv[2]), argv[3]);
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
