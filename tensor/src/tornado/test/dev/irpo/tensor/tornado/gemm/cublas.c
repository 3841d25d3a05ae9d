// The functions of cuBLAS that are called, as its documentation describes them, on the CPU. Pointers are the host's.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { OP_N = 0, OP_T = 1 };
enum { R_32F = 0, R_16BF = 14 };
enum { COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77 };

typedef struct { void *stream; } Handle;

int cublasCreate_v2(Handle **handle) {
  *handle = calloc(1, sizeof(Handle));
  return SUCCESS;
}

int cublasSetStream_v2(Handle *handle, void *stream) {
  handle->stream = stream;
  return stream ? SUCCESS : INVALID_VALUE;
}

int cublasDestroy_v2(Handle *handle) {
  free(handle);
  return SUCCESS;
}

const char *cublasGetStatusString(int status) {
  switch (status) {
    case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    default: return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
}

static float element(const void *matrix, int type, int64_t index, int compute) {
  if (type == R_16BF) {
    uint32_t bits = (uint32_t)((const uint16_t *)matrix)[index] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  float value = ((const float *)matrix)[index];
  if (compute == COMPUTE_32F_FAST_TF32) {
    int exponent;
    float mantissa = frexpf(value, &exponent);
    value = ldexpf(rintf(ldexpf(mantissa, 11)), exponent - 11); // ten bits and the leading one
  }
  return value;
}

int cublasGemmEx(
    Handle *handle, int transa, int transb, int m, int n, int k, const void *alpha, const void *a, int atype, int lda,
    const void *b, int btype, int ldb, const void *beta, void *c, int ctype, int ldc, int compute, int algorithm) {
  if (!handle || !handle->stream) return NOT_INITIALIZED;
  if ((transa != OP_N && transa != OP_T) || (transb != OP_N && transb != OP_T) || m < 0 || n < 0 || k < 0) return INVALID_VALUE;
  if (lda < (transa == OP_N ? m : k) || ldb < (transb == OP_N ? k : n) || ldc < m) return INVALID_VALUE;
  int types = atype == btype && ctype == R_32F && (atype == R_32F || (atype == R_16BF && compute == COMPUTE_32F));
  if (!types || (compute != COMPUTE_32F && compute != COMPUTE_32F_FAST_TF32) || algorithm != -1) return NOT_SUPPORTED;
  float factor = *(const float *)alpha;
  float kept = *(const float *)beta;
  float *result = c;
  for (int64_t column = 0; column < n; column++) {
    for (int64_t row = 0; row < m; row++) {
      double sum = 0;
      for (int64_t i = 0; i < k; i++) {
        float left = element(a, atype, transa == OP_N ? i * lda + row : row * lda + i, compute);
        float right = element(b, btype, transb == OP_N ? column * ldb + i : i * ldb + column, compute);
        sum += (double)left * right;
      }
      int64_t at = column * ldc + row;
      result[at] = (float)(factor * sum) + (kept == 0 ? 0 : kept * result[at]);
    }
  }
  return SUCCESS;
}
