#pragma once

#include <string>

/// The message of the Error that `call` throws, or "nothing thrown". An exception of another type passes through.
template <class Error, class Call>
std::string message_of(Call&& call) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing thrown";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
